"""Two linear layers with Gaussian initial weights: the early centered features on average, exactly at any width.

At leading order in time ``F_c ~ E^T S E`` and ``G_c ~ E^T S^2 E`` with ``S = A A^T``, a Wishart matrix when the readout
``A`` is Gaussian; ``E`` is the residual covariance at initialization.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, Scalar, TracePolynomial, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Wishart, delta_method, expect
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import evaluate_exactly, integer_matrix
from derivations.linear.closed_flow import E, Sigma_xx, Sigma_yx, c, d, k
from derivations.linear.features import TRACES, Expansion
from derivations.linear.moments_instance import gaussian_average, inverse_width_coefficient

gamma: Final = Scalar("gamma")
A: Final = GaussianMatrix("A", c, k)
"""Readout at initialization, standard normal entries."""
W0: Final = GaussianMatrix("W0", k, d, latex="W_0")
"""First layer at initialization, standard normal entries."""
S: Final = Wishart("S", dof=k, covariance=identity(c))
"""``A A^T``."""
M: Final = Matrix("M", c, symmetric=True)
"""``E E^T``."""
PARTS: Final = ("numerator", "first", "second")
RATIO: Final = r"E[N] / \sqrt{E[D_1]\, E[D_2]}"


def leading_traces() -> AlignmentRatio:
    """Return the three traces of the C-NFA of the first layer at leading order, in ``A`` and ``E``."""
    expansion = Expansion(depth=2, layer=1)
    hidden = Scalar("k1")
    traces = (expansion.coefficients(name, 4)[4].subs({hidden: k}) for name in TRACES["C-NFA"])
    readout = Matrix("W2", c, k)
    return AlignmentRatio(*(each.subs({readout: A}) for each in traces))


def leading_alignment() -> AlignmentRatio:
    """Return the same in ``S = A A^T`` and ``M = E E^T``."""
    return leading_traces().map(lambda part: rewrite(part, [(A * A.T, S), (E * E.T, M)]))


def zero_function() -> Proof:
    """Derive averages of the traces where ``E`` does not depend on the weights, and the mean C-NFA at large width."""
    in_letters = leading_alignment()
    averages = in_letters.map(lambda part: expect(part, over=[S]))
    parts = [getattr(in_letters, name) for name in PARTS]
    moments = delta_method(*parts, over=[S], dimensions=[k], order=1)
    mean = _in_traces(moments.mean.as_sympy())
    variance = _in_traces(moments.variance.as_sympy())
    steps = (
        Step(
            "At leading order in time, $F_c = t^2 E^\\top A A^\\top E$ and $G_c = t^2 E^\\top (A A^\\top)^2 E$. With "
            "$S = A A^\\top$ and $M = E E^\\top$ the alignment is",
            (Equation("C-NFA", in_letters, r"\rho(F_c, G_c)"),),
            ("linear.two_layers",),
        ),
        Step(
            "For a Gaussian readout $S$ is a Wishart matrix with $k$ degrees of freedom. Its moments give the averages "
            "of the numerator $N$ and of the squared norms $D_1$, $D_2$, exactly at every width; these averages in "
            "the place of the traces:",
            (Equation("ratio of averages", averages, RATIO),),
            ("moments of a real Wishart matrix",),
        ),
        Step(
            "The average of the ratio is not the ratio of averages. It has an expansion in $1/k$, from the joint "
            "moments of the three traces; here $m_j = \\operatorname{tr} M^j$. The variance has no term "
            "of order $1/k$.",
            (Equation("mean C-NFA", mean, r"E[\rho]"), Equation("variance", variance, r"\operatorname{Var}[\rho]")),
            ("delta method, with exact joint moments",),
        ),
    )
    closed_form = {"ratio of averages": averages, "mean C-NFA": mean}
    names = {"ratio of averages": RATIO, "mean C-NFA": r"E[\rho] + O(k^{-2})"}
    return Proof(steps, closed_form, _obligations_of_zero_function, names, function=early_alignment)


def early_alignment(Sigma_yx: Shaped[Any, "c d"], k: int) -> dict[str, float]:
    """Evaluate the average early alignment of a network that starts as the zero function."""
    M = Sigma_yx @ Sigma_yx.T
    values: dict[str, Any] = {"M": M, "k": k, "c": M.shape[0]}
    power = M
    for j in range(1, 5):
        values[f"m{j}"] = float(power.trace())
        power = power @ M
    claim = DERIVATIONS[0].closed_form
    return {name: float(evaluate_formula(formula, values)) for name, formula in claim.items()}


def _in_traces(expression: sympy.Expr) -> sympy.Expr:
    """Write ``m_j`` for the traces of powers of ``M``, which are positive, and expand."""
    powers = {"tr(M)": "m1", "tr(M²)": "m2", "tr(M³)": "m3", "tr(M⁴)": "m4", "k": "k", "c": "c"}
    positive = {sympy.Symbol(old): sympy.Symbol(new, positive=True) for old, new in powers.items()}
    return sympy.expand(sympy.simplify(expression.xreplace(positive)))


INSTANCES: Final = ((2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2))
"""Outputs, widths: a moment of degree four in S is a polynomial of degree four in k without a constant."""


@lru_cache(maxsize=1)
def _zero_function_truth() -> tuple[tuple[dict[str, Any], tuple[Any, ...]], ...]:
    """Average the traces of concrete labels over the readout, entry by entry."""
    found = []
    for outputs, width in INSTANCES:
        labels = integer_matrix(outputs, 2, seed=outputs)
        values = {"M": labels * labels.T, "k": width, "c": outputs}
        found.append((values, gaussian_average(labels, width)))
    return tuple(found)


def _obligations_of_zero_function(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with averages of polynomials in the entries, and with an expansion to second order in ``S - k I``."""
    residuals: dict[str, Residual] = {}
    for values, truth in _zero_function_truth():
        for name, value in zip(PARTS, truth, strict=True):
            part: TracePolynomial = getattr(claimed["ratio of averages"], name)
            label = f"{name} for {values['c']} outputs and width {values['k']}"
            residuals[label] = _at(part, values) - value
    for strengths in ((1, 3), (1, 2, 5)):
        traces = {f"m{j}": sum(each**j for each in strengths) for j in range(1, 5)}
        numbers = {sympy.Symbol(name, positive=True): value for name, value in traces.items()}
        width = sympy.Symbol("k", positive=True)
        mean = claimed["mean C-NFA"].subs({**numbers, sympy.Symbol("c", positive=True): len(strengths)})
        residuals[f"mean for strengths {strengths}"] = mean - 1 - inverse_width_coefficient(strengths) / width
    return residuals


@lru_cache(maxsize=4096)
def _value(part: TracePolynomial, items: tuple[tuple[str, Any], ...]) -> Any:
    return evaluate_exactly(part, dict(items))


def _at(part: TracePolynomial, values: Mapping[str, Any]) -> Any:
    frozen = (
        (name, each.as_immutable() if isinstance(each, sympy.MatrixBase) else each) for name, each in values.items()
    )
    return _value(part, tuple(frozen))


def random_function() -> Proof:
    """Derive the average of the traces when the network starts as a random function."""
    start = Sigma_yx - A * W0 * Sigma_xx * gamma
    inserted = leading_traces().map(lambda part: part.subs({E: start}))
    averages = inserted.map(lambda part: expect(part, over=[A, W0]))
    steps = (
        Step(
            "At initialization $E = \\Sigma_{yx} - \\gamma A W_0 \\Sigma_{xx}$ depends on the same readout $A$ that "
            "makes $S = A A^\\top$. The multiplier $\\gamma$ (in NTK parametrization $1/\\sqrt{k d}$) scales the "
            "inputs; factors common to $\\Sigma_{xx}$ and $\\Sigma_{yx}$ cancel in the alignment.",
            (Equation("E", start),),
            ("linear.closed_flow",),
        ),
        Step(
            "Insert it, and average over $W_0$ first and then over $A$.",
            (Equation("ratio of averages", averages, RATIO),),
            ("moments of Gaussian and Wishart matrices",),
        ),
    )
    names = {"ratio of averages": RATIO}
    return Proof(steps, {"ratio of averages": averages}, _obligations_of_random_function, names)


@lru_cache(maxsize=1)
def _random_function_truth() -> tuple[tuple[dict[str, Any], tuple[Any, ...]], ...]:
    found = []
    for outputs, width, inputs in ((2, 1, 2), (2, 2, 1)):
        labels = integer_matrix(outputs, inputs, seed=3)
        root = integer_matrix(inputs, inputs, seed=4)
        scale = sympy.Rational(2, 3)
        values = {"Sigma_yx": labels, "Sigma_xx": root * root.T, "gamma": scale, "k": width, "c": outputs, "d": inputs}
        found.append((values, gaussian_average(labels, width, scale * root * root.T)))
    return tuple(found)


def _obligations_of_random_function(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with averages of polynomials in the entries of both layers."""
    return {
        f"{name} for {values['c']} outputs, width {values['k']}, {values['d']} inputs": _at(
            getattr(claimed["ratio of averages"], name), values
        )
        - value
        for values, truth in _random_function_truth()
        for name, value in zip(PARTS, truth, strict=True)
    }


SOURCE: Final = (
    "Derived here: Gaussian and real Wishart moments (Letac and Massam 2004) applied to the early dynamics of the "
    "centered NFA (Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271)"
)
ASSUMPTIONS: Final = (
    "Two linear layers, gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$, leading order in time.",
    "Independent standard normal entries of the initial weights; one common factor of $A$ cancels.",
)
DERIVATIONS: Final = (
    Derivation(
        name="linear.zero_function",
        title="Average early alignment of two linear layers that start as the zero function",
        statement="With $E = \\Sigma_{yx}$ and a Gaussian readout of width $k$, numerator and squared norms of the "
        "C-NFA have averages that are polynomials in $k$ and $c$. The mean C-NFA is $1 - \\frac{1}{2k} \\left(1 + "
        "m_1^2/m_2 - 2 m_4/m_2^2\\right) + O(k^{-2})$ with $m_j = \\operatorname{tr}(E E^\\top)^j$; "
        "$1 - (c + 1 - 2/c)/(2k)$ when $E E^\\top \\propto I$.",
        assumptions=(
            *ASSUMPTIONS,
            "The residual covariance $E$ does not depend on $A$: outputs are zero at the start.",
        ),
        source=SOURCE,
        derive=zero_function,
        limits=(
            "The averages are exact for every $k$ and $c$. The mean of the ratio is an expansion in $1/k$ at fixed "
            "$c$, whose next coefficient is much larger: $57.5/k^2$ for $c = 3$ and equal strengths.",
        ),
    ),
    Derivation(
        name="linear.random_function",
        title="Average early alignment of two linear layers that start as a random function",
        statement="With $E = \\Sigma_{yx} - \\gamma A W_0 \\Sigma_{xx}$ and Gaussian $A$, $W_0$, numerator and squared "
        "norms of the C-NFA have averages that are polynomials in $k$, $c$ and $\\gamma$.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=random_function,
        limits=("Exact for every width; the quotient is the ratio of averages, not the average of the ratio.",),
    ),
)
