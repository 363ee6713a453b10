"""One hidden layer of finite width and a polynomial activation: mean and variance of the early C-NFA to order ``1/k``.

The tangent kernel is a mean over ``k`` independent neurons, so that its fluctuations are of order ``1/sqrt(k)`` with a
covariance from the fourth moments of the slope. The alignment is a function of the kernel; its first and second
derivatives, averaged over these, are the spread and the bias.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import sympy

from derivations.activation_integrals.definitions import Parameter, define, h
from derivations.algebra import Matrix, diagonal, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import P, Q, centered_features
from derivations.early.output_kernels import one_output
from derivations.errors import DerivationError
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_response import leading_values, relative_response
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import N, S, T, n
from derivations.wide.slope_moments import on_samples, slope_moment
from derivations.wide.width_correction_instance import FEATURES, alignment_truth, moment_truth, value_for_neuron

SOURCE: Final = (
    "Derived here; the setting is that of Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271: the centered NFA at "
    "early times"
)
r: Final = Matrix("r", n, 1)
A: Final = Matrix("A", n, symmetric=True)
"""``diag(r) S diag(r)``."""
kappa: Final = Matrix("kappa", n, symmetric=True, latex=r"\kappa")
kappa0: Final = Matrix("kappa0", n, symmetric=True, latex=r"\kappa_0")
E: Final = Matrix("E", n, symmetric=True)
LATEX: Final = {
    "limit": r"\rho_\infty",
    "bias": "b_E",
    "spread": "v_E",
    "kernel": r"\langle\phi'_a\phi'_b\rangle",
    "fourth_moment": r"\langle\phi'_a\phi'_b\phi'_c\phi'_d\rangle",
}
ROUNDING: Final = 1e-13
"""Principal axes with a smaller variance, relative to the largest, are rounding."""
ACTIVATIONS: Final[Mapping[str, tuple[str, Parameter]]] = {
    "quadratic": ("quadratic", None),
    "cubic": ("cubic", None),
    "hermite_3": ("hermite", 3),
}


def alignment_of_kernel() -> AlignmentRatio:
    """Return the C-NFA of one output at leading order in ``kappa`` and ``A = diag(r) S diag(r)``."""
    forms = one_output().closed_form
    general: Any = centered_features().closed_form["C-NFA"]
    own = diagonal(r) * S * diagonal(r)

    def with_one_output(part: Any) -> Any:
        return rewrite(part.subs({T: identity(n), N: n}).subs({P: forms["P"], Q: forms["Q"]}), [(own, A)])

    return general.map(with_one_output)  # type: ignore[no-any-return]


def mean_and_variance() -> Proof:
    """Derive bias and spread of the alignment as averages over one neuron."""
    rho = alignment_of_kernel()
    limit = rho.map(lambda part: part.subs({kappa: kappa0}))
    response = relative_response(rho, {kappa: E}, 2, initial={kappa: kappa0})
    bias, spread = response[2], response[1] * response[1]
    steps = (
        Step(
            "With one output the residuals stand on both sides of the kernels; $A = \\operatorname{diag}(r)\\, S "
            "\\operatorname{diag}(r)$.",
            (Equation("C-NFA", rho, r"\rho(F_c, G_c)"),),
            ("early.centered_features", "early.one_output"),
        ),
        Step(
            "With readout $\\pm 1$, $\\kappa = (1/k) \\sum_j \\psi_j \\psi_j^\\top$, $\\psi_{j\\mu} = "
            "\\phi'(h_{j\\mu})$: a mean of independent matrices. It tends to "
            "$\\kappa_0 = \\langle \\psi \\psi^\\top \\rangle$.",
            (Equation("limit", limit, LATEX["limit"]),),
            ("definition of the tangent kernel", "law of large numbers"),
        ),
        Step(
            "Put $\\kappa = \\kappa_0 + E$ and expand the alignment, relative to the limit, to second order in $E$; "
            "$N$, $D_1$, $D_2$ are the three traces of the limit.",
            (Equation("first order", response[1]), Equation("second order", bias)),
            ("Taylor series of the traces", "binomial series"),
        ),
        Step(
            "A quadratic form of a centered mean of $k$ independent terms has $1/k$ times the average for one neuron, "
            "$E = \\psi \\psi^\\top - \\kappa_0$; higher cumulants are of order $1/k^2$. Relative to the limit, the "
            "average of the second order, $\\langle b_E \\rangle / k$, is the bias; that of the square of the first, "
            "$\\langle v_E \\rangle / k$, is the variance.",
            (Equation("bias", bias, LATEX["bias"]), Equation("spread", spread, LATEX["spread"])),
            ("independence of the neurons",),
        ),
    )
    closed_form = {"limit": limit, "bias": bias, "spread": spread}
    return Proof(steps, closed_form, _obligations, LATEX, partial(_average, closed_form))


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Take all networks of two neurons with features from a small set, and expand the alignment by its definition."""
    truth, limit = alignment_truth(), closed_form["limit"]
    width = 2
    averages = {
        name: sum(value_for_neuron(i)(closed_form[name]) for i in range(len(FEATURES))) / len(FEATURES)
        for name in ("bias", "spread")
    }
    return {
        **limit.residuals(value_for_neuron(0), tuple(truth.traces.values()), "the limit"),
        "bias of two neurons": averages["bias"] / width - truth.bias,
        "spread of two neurons": averages["spread"] / width - truth.spread,
    }


def _average(
    closed_form: Mapping[str, Any], *, S: Any, r: Any, kernel: Any, fourth_moment: Any, k: int
) -> dict[str, Any]:
    """Average over one neuron: a quadratic form needs the covariance alone, so its principal axes will do."""
    if not k > 0:
        raise DerivationError(f"the width k must be positive, got {k}")
    n = len(r)
    given = {"A": r[:, None] * S * r, "kappa0": kernel, "n": n}
    given |= leading_values(closed_form["limit"], given)
    covariance = np.reshape(fourth_moment, (n * n, n * n)) - np.outer(kernel, kernel)
    sizes, axes = np.linalg.eigh(covariance)
    kept = np.flatnonzero(abs(sizes) > ROUNDING * abs(sizes).max())

    def averaged(name: str) -> float:
        form = closed_form[name]
        values = (evaluate_formula(form, {**given, "E": _symmetric(axes[:, i].reshape(n, n))}) for i in kept)
        return sum(float(size) * float(value) for size, value in zip(sizes[kept], values, strict=True))

    bias, spread = averaged("bias") / k, averaged("spread") / k
    limit = evaluate_formula(closed_form["limit"], given)
    return {"limit": limit, "mean": limit * (1 + bias), "variance": limit**2 * spread}


def _symmetric(axis: Any) -> Any:
    """Take the symmetric part of an axis of fluctuations, which are symmetric: what rounding left of the other goes."""
    return (axis + axis.T) / 2


def polynomial(activation: str, parameter: Parameter) -> Proof:
    """Derive the moments of the slope, with which bias and spread are numbers."""
    kernel, fourth = (slope_moment(activation, parameter, samples) for samples in (2, 4))
    steps = (
        Step(
            "The slope is a polynomial of the pre-activation, which is Gaussian with covariance $K$ over the samples.",
            (Equation("phi'", define(activation, parameter).diff(h), r"\phi'(h)"),),
            ("Gaussian weights",),
        ),
        Step(
            "Integration by parts takes each moment down to $E[1] = 1$. The second moments are $\\kappa_0$.",
            (Equation("kernel", kernel, LATEX["kernel"]),),
            ("Isserlis 1918",),
        ),
        Step(
            "The fourth moments less the product of second ones are $k$ times the covariance of the kernel's entries, "
            "over which `wide.width_correction` is averaged.",
            (Equation("fourth_moment", fourth, LATEX["fourth_moment"]),),
            ("wide.width_correction",),
        ),
    )
    closed_form = {"kernel": kernel, "fourth_moment": fourth}
    judge = partial(_obligations_of_moments, activation, parameter)
    return Proof(steps, closed_form, judge, LATEX, partial(_correction, activation, parameter))


def _obligations_of_moments(
    activation: str, parameter: Parameter, closed_form: Mapping[str, Any]
) -> Mapping[str, Residual]:
    """Average over the weights one by one, at integer inputs."""
    residuals: dict[str, Residual] = {}
    for name, samples in (("kernel", 2), ("fourth_moment", 4)):
        covariances, mean = moment_truth(activation, parameter, samples)
        residuals[name] = sympy.expand(closed_form[name].xreplace(covariances) - mean)
    return residuals


def _correction(activation: str, parameter: Parameter, *, K: Any, S: Any, r: Any, k: int) -> dict[str, Any]:
    kernel, fourth = (on_samples(slope_moment(activation, parameter, samples), K, samples) for samples in (2, 4))
    return DERIVATIONS[0].function(S=S, r=r, kernel=kernel, fourth_moment=fourth, k=k)


NETWORK: Final = (
    "One hidden layer of $k$ neurons with independent Gaussian weights and fixed readout weights $\\pm 1$; one output.",
    "The residuals $r$ do not depend on the hidden weights, as when the network starts as the zero function; gradient "
    "flow on the squared error, at leading order in time.",
)
LARGE: Final = (
    "An expansion for large $k$: its error in the mean and in the variance is of order $1/k^2$.",
    "The numeric function holds $n^4$ moments: for tens of samples.",
)


def _derivation_for(key: str, activation: str, parameter: Parameter) -> Derivation:
    return Derivation(
        name=f"wide.width_correction_{key}",
        title=f"The moments of the slope that correct the infinite width: {key.replace('_', ' ')}",
        wording="The second and fourth moments of $\\phi'$ at four samples are polynomials of the covariances "
        "$K_{ab}$ of the pre-activations, and with them the mean and the variance of the early C-NFA at width $k$ are "
        "known to order $1/k$.",
        assumptions=(*NETWORK, "Pre-activations at the samples are Gaussian with covariance $K$."),
        source=SOURCE,
        derive=partial(polynomial, activation, parameter),
        limits=LARGE,
    )


DERIVATIONS: Final = (
    Derivation(
        name="wide.width_correction",
        title="Mean and variance of the early C-NFA of one hidden layer to order 1/k",
        wording="With $\\kappa_0 := \\langle \\psi \\psi^\\top \\rangle$, $\\psi := \\phi'(h)$, and $A := "
        "\\operatorname{diag}(r)\\, S \\operatorname{diag}(r)$, the mean of the C-NFA, relative to its "
        "limit $\\rho_\\infty = <<limit>>$, differs from 1 by $b/k$, and its variance is $v/k$ relative to "
        "the square of that limit. $b := \\langle b_E \\rangle$ and $v := \\langle v_E \\rangle$ are "
        "averages over one neuron, $E := \\psi \\psi^\\top - \\kappa_0$, of two trace polynomials: they "
        "need the fourth moments of $\\phi'$, contracted with $S$ and $r$.",
        assumptions=(*NETWORK, "The slopes have moments of all orders."),
        source=SOURCE,
        derive=mean_and_variance,
        limits=LARGE,
    ),
    *(_derivation_for(key, *which) for key, which in ACTIVATIONS.items()),
)
