"""What SGD does to the early C-NFA: at first the steps' scatter is all there is, and the signal takes over later."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, hadamard, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import without_common_factor
from derivations.identities.layer import K, k
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm
from derivations.sgd.moments import SOURCE
from derivations.sgd.overlaps import Q, alignment_of_overlaps

eta, batch, t, sigma = Scalar("eta"), Scalar("b"), Scalar("t"), Scalar("sigma")
a: Final = Matrix("a", k, 1)
H: Final = Matrix("H", k, symmetric=True)
"""Mean products of slopes, ``E[phi' phi'^T]``."""
P: Final = Matrix("P", k, symmetric=True)
"""The same weighted with the squared miss, ``E[Delta^2 phi' phi'^T]``."""
N_0: Final = Matrix("N_0", k, symmetric=True)
"""Covariance of the gradients of single samples, over the squared length of the input."""
B: Final = Matrix("B", k, symmetric=True)
"""Overlaps of the drift, over ``eta^2``."""
NOISE, SIGNAL = sympy.symbols("nu s")
"""Their traces: squared lengths of scatter and drift."""


def initial_c_nfa() -> Proof:
    """Derive the C-NFA at ``t -> 0+`` from the scatter of the first steps."""
    covariance = hadamard(a * a.T, P + H * sigma**2)
    early = N_0 * (eta**2 * t / batch)
    rho = without_common_factor(
        alignment_of_overlaps().map(lambda part: part.subs({Q: early})), eta**2 * t / batch, eta**2 * t / batch
    )
    ptf = hadamard(a * a.T, H)
    noise_alone = rho.map(lambda part: part.subs({N_0: K}))
    steps = (
        Step(
            "A step of one-pass SGD moves the weights by $(\\eta/b) \\sum g\\, x^\\top / \\sqrt d$ with "
            "$g = (\\Delta + \\sigma \\xi)\\, a \\circ \\phi'(h)$. Steps see independent inputs: in $t d$ steps their "
            "scatter adds $(\\eta^2 t / b)\\, E[g g^\\top]$ to the overlaps of the change, and their drift adds "
            "something of order $t^2$.",
            (Equation("N_0", covariance),),
            ("$|x|^2 / d \\to 1$ in high dimension",),
        ),
        Step(
            "So at small times the overlaps of the change are $(\\eta^2 t / b)\\, N_0$, and step size, batch size and "
            "time cancel.",
            (Equation("rho", rho, r"\text{C-NFA}(0^+)"),),
            ("sgd.overlap_alignments",),
        ),
        Step(
            "Where the noise of the labels dominates, $N_0$ tends to $\\sigma^2$ times the PTF covariance.",
            (Equation("K", ptf), Equation("rho of noise alone", noise_alone, r"\text{C-NFA}(0^+), \sigma \to \infty")),
        ),
    )
    closed_form = {"N_0": covariance, "rho": rho, "K": ptf, "rho of noise alone": noise_alone}
    names = {"rho": r"\text{C-NFA}(0^+)", "rho of noise alone": r"\text{C-NFA}(0^+), \sigma \to \infty"}
    return Proof(steps, closed_form, _obligations_of_start, names)


@lru_cache(maxsize=4)
def _gradients(deviation: int) -> dict[str, Any]:
    """Six equally likely samples with two signs of the label noise: their gradients, written down one by one."""
    slopes, misses, readout = integer_matrix(4, 6, 81), integer_matrix(6, 1, 82), sympy.Matrix([2, -3, 1, 5])
    columns = [
        (misses[mu] + sign * deviation) * readout[:, 0].multiply_elementwise(slopes[:, mu])
        for mu in range(6)
        for sign in (1, -1)
    ]
    scatter = sympy.Matrix.hstack(*columns)  # as the change of twelve steps along orthogonal inputs
    tangents = sympy.Matrix.hstack(*(readout.multiply_elementwise(slopes[:, mu]) for mu in range(6)))
    values = {
        "a": readout,
        "H": slopes * slopes.T / 6,
        "P": slopes * sympy.diag(*[miss**2 for miss in misses]) * slopes.T / 6,
        "sigma": deviation,
    }
    values |= {"k": 4}
    return {"values": values, "scatter": scatter, "K": tangents * tangents.T / 6, "tangents": tangents}


def _obligations_of_start(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the change by twelve single-sample steps along orthogonal inputs, feature matrices in full."""
    residuals: dict[str, Residual] = {}
    for deviation in (0, 1, 3):
        for name, residual in _residuals_of_start(closed_form, deviation).items():
            residuals[f"{name}, noise {deviation}"] = residual
    return residuals


def _residuals_of_start(closed_form: Mapping[str, Any], deviation: int) -> dict[str, Residual]:
    found = _gradients(deviation)
    values, scatter, covariance = found["values"], found["scatter"], found["K"]
    N = scatter * scatter.T / 12
    residuals: dict[str, Residual] = {
        "N_0": squared_norm(evaluate_exactly(closed_form["N_0"], values) - N),
        "K": squared_norm(evaluate_exactly(closed_form["K"], values) - covariance),
    }
    for name, change, count in (("rho", scatter, 12), ("rho of noise alone", found["tangents"], 6)):
        F, G = change.T * change, change.T * covariance * change
        traces = (("numerator", (F * G).trace()), ("first", (F * F).trace()), ("second", (G * G).trace()))
        for part, trace in traces:
            claimed = evaluate_exactly(getattr(closed_form[name], part), {"N_0": N, "K": covariance, "k": 4})
            residuals[f"{name}, {part}"] = claimed - trace / count**2
    return residuals


def takeover() -> Proof:
    """Derive when drift and scatter have moved the weights equally far."""
    scatter, drift = tr(N_0) * eta**2 * t / batch, tr(B) * eta**2 * t**2
    traces = {tr(N_0): NOISE, tr(B): SIGNAL}
    time, when = sympy.Symbol("t"), sympy.Symbol("t", positive=True)
    excess = (scatter - drift).as_sympy(traces).subs(time, when)
    (equal,) = sympy.solve(excess, when)
    steps = (
        Step(
            "Scatter adds $(\\eta^2 t / b) N_0$ to the overlaps of the change; drift moves the weights by $\\eta t$ "
            "times a matrix with overlaps $B$.",
            (Equation("scatter", scatter), Equation("drift", drift)),
            ("sgd.initial_c_nfa",),
        ),
        Step(
            "With $\\nu = \\operatorname{tr} N_0$ and $s = \\operatorname{tr} B$, both squared lengths are equal at",
            (Equation("t_star", equal, r"t_*"),),
        ),
    )
    return Proof(steps, {"t_star": equal}, _obligations_of_takeover, {"t_star": r"t_*"})


def _obligations_of_takeover(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Insert the time into both squared lengths, for several batch sizes."""
    noise, signal = integer_matrix(4, 6, 83), integer_matrix(4, 3, 84)
    nu, s = (noise * noise.T).trace(), (signal * signal.T).trace()
    residuals: dict[str, Residual] = {}
    for size in (1, 2, 5):
        when = closed_form["t_star"].subs({NOISE: nu, SIGNAL: s, sympy.Symbol("b"): size})
        residuals[f"batches of {size}"] = when * nu / size - when**2 * s
        residuals[f"later than the start, batches of {size}"] = abs(when) - when + int(when == 0)
    return residuals


ASSUMPTIONS: Final = (
    "One-pass SGD with fresh Gaussian inputs, squared error, one hidden layer with a fixed readout; $d \\to \\infty$ "
    "at a fixed number of neurons, time $t$ is steps over $d$.",
)
DERIVATIONS: Final = (
    Derivation(
        name="sgd.initial_c_nfa",
        title="The early C-NFA of SGD comes from the scatter of its steps",
        wording="As $t \\to 0^+$ the C-NFA tends to the alignment that the covariance of single-sample "
        "gradients has with the PTF covariance, whatever the step size and the batch size. Where label "
        "noise dominates it is $<<rho of noise alone>>$.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=initial_c_nfa,
        limits=("Leading order in $t$ after $d \\to \\infty$; gradient flow has another limit.",),
    ),
    Derivation(
        name="sgd.takeover",
        title="When the signal takes over from the scatter of SGD",
        wording="Drift has moved the weights as far as scatter at the time $<<t_star>>$, which is "
        "inversely proportional to the batch size and does not depend on the step size.",
        assumptions=(*ASSUMPTIONS, "The drift is still that of the start."),
        source=SOURCE,
        derive=takeover,
        limits=("An estimate where the drift changes before that time.",),
    ),
)
