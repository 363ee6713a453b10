"""The closed equations of one-pass SGD: in high dimension overlaps follow an equation of their own.

Time is steps over the dimension ``d``. Fields of students and teacher are ``u = R x / sqrt(d)`` with Gaussian inputs of
covariance ``Sigma``; ``g`` is any function of the fields, with ``J = E[dg/du]`` and ``N = E[g g^T]``.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, hadamard, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import k, n
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.sgd.moments import SOURCE, R, d, p
from derivations.sgd.one_step import A, M, U, W, Z, a, eta, g, misses
from derivations.sgd.one_step import one_step as averages_of_a_step

J: Final = Matrix("J", k, p)
"""``E[dg/du]``: how the misses pull each student along each row."""
N: Final = Matrix("N", k, symmetric=True)
"""``E[g g^T]``: the scatter of single samples."""
Sigma: Final = Matrix("Sigma", d, symmetric=True, latex=r"\Sigma")
tau: Final = Scalar("tau")
"""``tr(Sigma M) / d``."""
q: Final = Matrix("q", k, 1)
"""``E[(y - f) phi(h)]``."""
O_W: Final = Matrix("O_W", p, k, latex=r"\Omega_W")
"""Overlaps ``R Sigma M W^T / d`` of all rows with the weights."""
O_U: Final = Matrix("O_U", p, latex=r"\Omega_U")
"""Overlaps ``R Sigma M U^T / d`` of all rows with rows that stay."""
O_R: Final = Matrix("O_R", p, symmetric=True, latex=r"\Omega_R")
"""Overlaps ``R Sigma M Sigma R^T / d`` of all rows."""
NAMES: Final = {
    "overlaps": r"\frac{d}{dt} W M W^\top / d",
    "overlaps with U": r"\frac{d}{dt} W M U^\top / d",
    "readout": r"\frac{d}{dt} a",
    "overlaps by the flow's time": r"\frac{d}{d(\eta t)} W M W^\top / d",
}


def closed_equations() -> Proof:
    """Take the leading order in ``1/d`` of the change of a step, over the time ``1/d`` that it takes."""
    before = {"overlaps": W * M * W.T / d, "overlaps with U": W * M * U.T / d, "readout": a}
    average: Mapping[str, Any] = averages_of_a_step().closed_form
    rates = {name: (average[name] - before[name]) * d for name in before}
    gaussian = {name: _for_gaussian_inputs(each) for name, each in rates.items()}
    inverse = Scalar("e")  # 1/d
    closed_form = {name: each.subs({d: inverse**-1}).subs({inverse: 0}) for name, each in gaussian.items()}
    closed_form["overlaps by the flow's time"] = closed_form["overlaps"] / eta
    steps = (
        Step(
            "A step takes the time $1/d$. For Gaussian inputs Stein's identity gives $E[g x^\\top] = J R \\Sigma / "
            "\\sqrt d$ with $J = E[\\partial g / \\partial u]$; the squared length $x^\\top M x / d$ tends to its mean "
            "$\\tau = \\operatorname{tr}(\\Sigma M) / d$, and $N = E[g g^\\top]$.",
            tuple(Equation(name, gaussian[name], NAMES[name]) for name in before),
            ("sgd.one_step", "Stein's identity", "law of large numbers"),
        ),
        Step(
            "As $d \\to \\infty$ the mean step no longer meets itself. Powers of $\\Sigma$ in the place of $M$, or "
            "projections on its eigenspaces, close the system; $J$, $N$ and $q$ depend on the fields alone.",
            tuple(Equation(name, closed_form[name], NAMES[name]) for name in before),
        ),
        Step(
            "In the time $\\eta t$ of gradient flow, step and batch enter through $\\eta / b$ alone, in first order: "
            "as it vanishes, gradient flow on the population loss returns.",
            (Equation("overlaps", closed_form["overlaps by the flow's time"], NAMES["overlaps by the flow's time"]),),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


def _for_gaussian_inputs(rate: MatrixPolynomial) -> MatrixPolynomial:
    """Insert the averages over the fields."""
    mean, scatter = Matrix("mean", k, d), g.T * hadamard(identity(n), Z * M * Z.T) * g
    short = rewrite(rate, [(scatter, N * (n * tau)), (g.T * Z, mean * n), (A.T * misses, q * n)])
    known = short.subs({mean: J * R * Sigma / d})
    overlaps = ((W, O_W), (U, O_U), (R * Sigma, O_R))
    result: MatrixPolynomial = rewrite(known, [(R * Sigma * M * rows.T, letter * d) for rows, letter in overlaps])
    return result


_ring, *_y = sympy.ring("y1:5", sympy.QQ)
RATE, SLOW, FURTHER = drawn(31), drawn(32), sympy.Rational(3, 2)
"""Steps of weights and readout, and the product of ``Sigma`` and ``M`` in all directions that no row has."""


@lru_cache(maxsize=1)
def _instance() -> dict[str, Any]:
    """Average polynomials of fields over four Gaussian inputs, monomial by monomial."""
    rows, root = integer_matrix(5, 4, 21), integer_matrix(4, 4, 22)
    weight, still, readout = (
        integer_matrix(4, 4, 23, symmetric=True),
        integer_matrix(5, 4, 24),
        integer_matrix(4, 1, 25),
    )
    x = [sum((root[i, j] * _y[j] for j in range(4)), _ring.zero) for i in range(4)]
    u = [sum((rows[i, j] * x[j] for j in range(4)), _ring.zero) / 2 for i in range(5)]  # the root of d = 4
    slope = [[integer_matrix(4, 5, 26)[i, j] for j in range(5)] for i in range(4)]
    bend = [[integer_matrix(4, 5, 27)[i, j] for j in range(5)] for i in range(4)]
    g = [sum((u[j] * slope[i][j] + u[j] * u[(i + j) % 5] * bend[i][j] for j in range(5)), _ring.zero) for i in range(4)]
    pull = [
        [sum((_derivative(slope, bend, i, j, c, u) for j in range(5)), _ring.zero) for c in range(5)] for i in range(4)
    ]
    length = sum((weight[i, j] * x[i] * x[j] for i in range(4) for j in range(4)), _ring.zero)
    return {
        "R": rows,
        "Sigma": root * root.T,
        "M": weight,
        "U": still,
        "a": readout,
        "J": _mean(pull),
        "N": _mean([[g[i] * g[j] for j in range(4)] for i in range(4)]),
        "g x": _mean([[g[i] * x[j] for j in range(4)] for i in range(4)]),
        "g g x M x": _mean([[g[i] * g[j] * length for j in range(4)] for i in range(4)]),
        "q": _mean([[g[i] * u[4]] for i in range(4)]),
    }


def _derivative(slope: Any, bend: Any, i: int, j: int, c: int, u: Any) -> Any:
    """Differentiate the j-th term of ``g_i`` by ``u_c``."""
    other = (i + j) % 5
    linear = _ring.one * slope[i][j] if j == c else _ring.zero
    return linear + bend[i][j] * ((u[other] if j == c else 0) + (u[j] if other == c else 0))


def _mean(rows: Any) -> sympy.Matrix:
    return sympy.Matrix([[normal_mean(each) for each in row] for row in rows])


def _exact(size: int, batch: int) -> dict[str, sympy.Matrix]:
    """Compute the change of a step over the time ``1/d`` in ``d`` dimensions, all but four without weights.

    Rows are as much longer as the root of the dimension, so that fields and overlaps stay; further directions add
    their constant share to ``x^T M x``.
    """
    at = _instance()
    mean, weights = at["g x"] / 2, at["R"][:4, :]  # E[g x^T] / sqrt(4); overlaps over 4 are those over any d
    drift = RATE * mean * at["M"] * weights.T
    length = at["g g x M x"] / size + at["N"] * FURTHER * (size - 4) / size
    met = mean * at["M"] * mean.T * 4 / size
    scatter = RATE**2 / batch * (length + (batch - 1) * met)
    return {
        "overlaps": drift + drift.T + scatter,
        "overlaps with U": RATE * mean * at["M"] * at["U"].T,
        "readout": SLOW * at["q"],
    }


def _values(batch: int) -> dict[str, Any]:
    """Insert overlaps by their definition; ``tau`` as the dimension tends to infinity."""
    at = _instance()
    both = at["R"] * at["Sigma"] * at["M"]
    return {
        **{name: at[name] for name in ("J", "N", "q")},
        "O_W": both * at["R"][:4, :].T / 4,
        "O_U": both * at["U"].T / 4,
        "tau": FURTHER,
        "eta": RATE,
        "eta_a": SLOW,
        "b": batch,
        "k": 4,
        "p": 5,
    }


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with exact changes, extrapolated in ``1/d``: they are linear in it, so that two dimensions tell."""
    residuals: dict[str, Residual] = {}
    for batch in (1, 2, 3):
        one, two = _exact(8, batch), _exact(16, batch)
        values = _values(batch)
        for name, limit in {each: 2 * two[each] - one[each] for each in one}.items():
            difference = evaluate_exactly(closed_form[name], values) - limit
            residuals[f"{name}, batches of {batch}"] = squared_norm(difference)
            if name == "overlaps":
                flow = evaluate_exactly(closed_form["overlaps by the flow's time"], values) - limit / RATE
                residuals[f"the flow's time, batches of {batch}"] = squared_norm(flow)
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="sgd.closed_equations",
        title="The closed equations of one-pass SGD in high dimension",
        wording="As $d \\to \\infty$ at a fixed number of neurons, overlaps follow their averages: among the weights "
        "at the rate $<<overlaps>>$, with rows that stay at the rate $<<overlaps with U>>$. With overlaps weighted by "
        "powers of the covariance, or by eigenspaces, the equations close. In the time of gradient flow the rate is "
        "$<<overlaps by the flow's time>>$, and the flow on the population loss returns as the last term vanishes.",
        assumptions=(
            "Inputs $x \\sim N(0, \\Sigma)$ seen once; a soft committee machine of any activation, "
            "$g_i = (y - f)\\, a_i \\phi'(h_i)$; a readout with steps $\\eta_a / d$; time is steps over $d$.",
        ),
        source=SOURCE,
        derive=closed_equations,
        limits=(
            "Leading order in $1/d$; single runs deviate by order $d^{-1/2}$.",
            "Label noise of variance $\\sigma^2$ adds $\\sigma^2 a a^\\top \\circ E[\\phi' \\phi'^\\top]$ "
            "to $N$ and nothing to $J$ and $q$.",
        ),
    ),
)
