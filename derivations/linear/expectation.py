"""Two linear layers with Gaussian initial weights: the early centered features on average, exactly at any width.

At leading order in time ``F_c ~ E^T S E`` and ``G_c ~ E^T S^2 E`` with ``S = A A^T``, a Wishart matrix when the readout
``A`` is Gaussian; ``E`` is the residual covariance at initialization.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Wishart, delta_method, expect
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.fluctuations import moments, relative_alignment
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import E, Sigma_xx, Sigma_yx, c, d, k
from derivations.linear.features import TRACES, Expansion

gamma: Final = Scalar("gamma")
A: Final = GaussianMatrix("A", c, k)
"""Readout at initialization, standard normal entries."""
W0: Final = GaussianMatrix("W0", k, d, latex="W_0")
"""First layer at initialization, standard normal entries."""
S: Final = Wishart("S", dof=k, covariance=identity(c))
"""``A A^T``."""
M: Final = Matrix("M", c, symmetric=True)
"""``E E^T``."""
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
    expanded = delta_method(*in_letters.parts, over=[S], dimensions=[k], order=1)
    mean, variance = (_in_traces(each.as_sympy()) for each in (expanded.mean, expanded.variance))
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
    return Proof(
        steps, closed_form, _obligations_of_zero_function, names, function=early_alignment, stated=_at_equal_strengths
    )


def _at_equal_strengths(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Insert ``E E^T = I`` into the mean alignment, where every ``m_j`` is the number of outputs."""
    mean = closed_form["mean C-NFA"]
    traces = {each: sympy.Symbol("c") for each in mean.free_symbols if each.name.startswith("m")}
    return {"equal strengths": 1 + sympy.factor(mean.subs(traces) - 1)}


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


OUTPUTS: Final = (4, 5, 6)
WIDTHS: Final = range(1, 8)
"""More widths than the degree of any average in the width, which is four or, from a random function, six."""


def _averages(residual: MatrixPolynomial, values: Mapping[str, Any], laws: tuple[str, ...]) -> tuple[Any, ...]:
    """Average the traces of ``dW^T dW`` and ``dW^T A^T A dW``, ``dW = A^T E``, over pairings of the weights."""
    change = A.T * residual
    traces = alignment_of(change.T * change, change.T * A.T * A * change)
    return traces.map(GaussianAverage(values, dict.fromkeys(laws))).parts


@cache
def _zero_function_truth(outputs: int) -> tuple[TermwiseValue, tuple[Any, ...]]:
    labels = integer_matrix(outputs, 5, seed=outputs)
    values = {"E": labels, "M": labels * labels.T, "c": outputs, "d": 5}
    return TermwiseValue({**values, "k": 1}), _averages(E * 1, values, ("A",))


STRENGTHS: Final = ((1, 2), (1, 2, 3), (1, 1, 2, 4), (1, 2, 3, 5), (1, 2, 2, 3, 1), (1, 1, 1, 1, 1), (2, 1, 3, 4, 5))
"""Roots of the strengths for which the mean is compared with an expansion in the entries of ``S``."""


@cache
def _inverse_width_coefficient(roots: tuple[int, ...]) -> sympy.Rational:
    def features(S: Any, constant: Any) -> tuple[Any, Any]:
        root = constant(sympy.diag(*roots))
        return root * S * root, root * S * S * root

    return moments(relative_alignment(features, len(roots), 2), len(roots))[0][0]


def _obligations_of_zero_function(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with averages over pairings, and with an expansion to second order in ``S - k I``."""
    residuals: dict[str, Residual] = {}
    width = sympy.Symbol("k")
    for outputs in OUTPUTS:
        at, truth = _zero_function_truth(outputs)
        for k_value in WIDTHS:
            means = [each.subs(width, k_value) for each in truth]
            name = f"the averages for {outputs} outputs and width {k_value}"
            residuals |= claimed["ratio of averages"].residuals(at.with_scalars(k=k_value), means, name)
    for roots in STRENGTHS:
        traces = {f"m{j}": sum(each ** (2 * j) for each in roots) for j in range(1, 5)} | {"c": len(roots)}
        numbers = {sympy.Symbol(name, positive=True): value for name, value in traces.items()}
        mean = claimed["mean C-NFA"].subs(numbers)
        expected = 1 + _inverse_width_coefficient(roots) / sympy.Symbol("k", positive=True)
        residuals[f"mean for strengths {roots}"] = mean - expected
    return residuals


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


@cache
def _random_function_truth(outputs: int, inputs: int) -> tuple[TermwiseValue, tuple[Any, ...]]:
    root = integer_matrix(inputs, inputs, seed=4)
    values = {"Sigma_yx": integer_matrix(outputs, inputs, seed=3), "Sigma_xx": root * root.T, "gamma": drawn(1)}
    values |= {"c": outputs, "d": inputs}
    start = Sigma_yx - A * W0 * Sigma_xx * gamma
    return TermwiseValue({**values, "k": 1}), _averages(start, values, ("W0", "A"))


def _obligations_of_random_function(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with averages over pairings of the weights of both layers."""
    residuals: dict[str, Residual] = {}
    width = sympy.Symbol("k")
    for outputs, inputs, widths in ((4, 4, WIDTHS), (5, 4, (2,)), (4, 5, (3,)), (6, 6, (2,))):
        at, truth = _random_function_truth(outputs, inputs)
        for k_value in widths:
            means = [each.subs(width, k_value) for each in truth]
            name = f"the averages for {outputs} outputs, width {k_value}, {inputs} inputs"
            residuals |= claimed["ratio of averages"].residuals(at.with_scalars(k=k_value), means, name)
    return residuals


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
        wording="With $E := \\Sigma_{yx}$ and a Gaussian readout of width $k$, numerator and squared norms "
        "of the C-NFA have averages that are polynomials in $k$ and $c$. The mean C-NFA is $<<mean C-NFA>> "
        "+ O(k^{-2})$ with $m_j := \\operatorname{tr}(E E^\\top)^j$; $<<equal strengths>>$ when $E "
        "E^\\top$ is a multiple of $I$.",
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
        wording="With $E := \\Sigma_{yx} - \\gamma A W_0 \\Sigma_{xx}$ and Gaussian $A$, $W_0$, numerator "
        "and squared norms of the C-NFA have averages that are polynomials in $k$, $c$ and $\\gamma$.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=random_function,
        limits=("Exact for every width; the quotient is the ratio of averages, not the average of the ratio.",),
    ),
)
