"""What the misses of a quadratic and of a linear network average to, in any dimension: drift and scatter of one step.

Rows of students and teacher are stacked in ``R``; local fields are ``u = R x / sqrt(d)``, and the miss is the quadratic
form ``Delta = u^T S u`` with ``S = diag(-a, v)``. A step of SGD moves the weights along ``Delta u x^T``: their drift
needs ``E[Delta u u^T]``, and what the step adds to their overlaps needs ``E[Delta^2 u u^T |x|^2]``.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.rewriting import rewrite
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm

SOURCE: Final = (
    "Derived here; the setting, one-pass SGD in high dimension, is that of Veiga, Stephan, Loureiro, Krzakala and "
    "Zdeborova, arXiv 2202.00293"
)
d: Final = Scalar("d")
p: Final = Scalar("p")
R: Final = Matrix("R", p, d)
"""Rows of students and teacher."""
C: Final = Matrix("C", p, symmetric=True)
"""Covariance of the local fields, ``R R^T / d``."""
S: Final = Matrix("S", p, diagonal=True)
"""Readouts with their signs: ``-a`` of the students, ``v`` of the teacher."""
s: Final = Matrix("s", p, 1)
"""Readouts with their signs, as a vector."""
x: Final = GaussianMatrix("x", d, 1)
NAMES: Final = {
    "drift": r"E[\Delta\, u u^\top]",
    "scatter": r"E[\Delta^2 u u^\top]",
    "noise of a step": r"E[u u^\top |x|^2] / d",
    "scatter of a step": r"E[\Delta^2 u u^\top |x|^2] / d",
}

LINEAR: Final = {
    "drift": r"E[\Delta\, u]",
    "square": r"E[\Delta^2]",
    "square of a step": r"E[\Delta^2 |x|^2] / d",
}


def quadratic_moments() -> Proof:
    """Average the products of misses and fields over Gaussian inputs."""
    u = R * x
    miss, square, length = tr(u.T * S * u) / d, u * u.T / d, tr(x.T * x) / d
    over_fields = {
        "drift": square * miss,
        "scatter": square * miss**2,
        "noise of a step": square * length,
        "scatter of a step": square * miss**2 * length,
    }
    closed_form = {name: _in_fields(expect(each, over=[x])) for name, each in over_fields.items()}
    steps = (
        Step(
            "Insert $u = R x / \\sqrt d$ and $\\Delta = u^\\top S u$, average over $x \\sim N(0, I)$ by pairings, and "
            "write $R R^\\top = d\\, C$. The drift of a step:",
            (Equation("drift", closed_form["drift"], NAMES["drift"]),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "Squares of the misses, which scatter the weights.",
            (Equation("scatter", closed_form["scatter"], NAMES["scatter"]),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "A step adds the squared length of the input to the overlaps. Length and direction of a Gaussian vector "
            "are independent, so that this is a factor near 1: the noise of the labels meets two fields, the squared "
            "misses six.",
            tuple(Equation(name, closed_form[name], NAMES[name]) for name in ("noise of a step", "scatter of a step")),
            ("Gaussian integration by parts",),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


def _in_fields(matrix: MatrixPolynomial) -> MatrixPolynomial:
    return rewrite(matrix, [(R * R.T, C * d)])


def linear_moments() -> Proof:
    """Average the products of misses and fields of a linear network."""
    u = R * x
    miss = tr(s.T * u)
    length = tr(x.T * x) / d
    over_fields = {"drift": u * miss / d, "square": identity(1) * miss**2 / d}
    over_fields["square of a step"] = over_fields["square"] * length
    closed_form = {name: _in_fields(expect(each, over=[x])) for name, each in over_fields.items()}
    steps = (
        Step(
            "Insert $u = R x / \\sqrt d$ and $\\Delta = s^\\top u$; slopes are 1, so that the drift needs "
            "$E[\\Delta u]$ and the scatter $E[\\Delta^2]$.",
            tuple(Equation(name, closed_form[name], LINEAR[name]) for name in ("drift", "square")),
            ("Gaussian integration by parts",),
        ),
        Step(
            "The length of the input meets two fields.",
            (Equation("square of a step", closed_form["square of a step"], LINEAR["square of a step"]),),
            ("Gaussian integration by parts",),
        ),
    )
    return Proof(steps, closed_form, _obligations_of_linear, LINEAR)


@lru_cache(maxsize=1)
def _averages() -> tuple[dict[str, Any], dict[str, sympy.Matrix]]:
    """Average four fields of four inputs entry by entry, monomial by monomial."""
    rows, inputs = integer_matrix(4, 4, 61), list(sympy.symbols("x1:5"))
    signs = sympy.diag(2, -3, 1, 5)
    fields = rows * sympy.Matrix(inputs) / 2  # the square root of d = 4
    miss = sympy.expand((fields.T * signs * fields)[0])
    length = sum(each**2 for each in inputs) / 4
    factors = {"drift": miss, "scatter": miss**2, "noise of a step": length, "scatter of a step": miss**2 * length}
    found = {
        name: sympy.Matrix(4, 4, lambda i, j, factor=factor: _mean(factor * fields[i] * fields[j], inputs))
        for name, factor in factors.items()
    }
    return {"C": rows * rows.T / 4, "S": signs, "d": 4, "p": 4}, found


def _mean(polynomial: sympy.Expr, inputs: list[sympy.Symbol]) -> sympy.Expr:
    return normal_mean(sympy.expand(polynomial), inputs)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the entries of averages over four inputs, and the lengths with a second dimension."""
    values, averages = _averages()
    residuals: dict[str, Residual] = {
        name: squared_norm(evaluate_exactly(closed_form[name], values) - average) for name, average in averages.items()
    }
    for name, degree in (("noise of a step", 2), ("scatter of a step", 6)):
        plain = closed_form["scatter"] if degree == 6 else C
        # |x|^2 is chi-squared: E |x|^(q + 2) / E |x|^q = d + q, whatever the direction.
        residuals[f"{name}, any dimension"] = squared_norm(
            evaluate_exactly(closed_form[name], {**values, "d": 7})
            - evaluate_exactly(plain, values) * sympy.Rational(7 + degree, 7)
        )
    return residuals


@lru_cache(maxsize=1)
def _averages_of_linear() -> tuple[dict[str, Any], dict[str, sympy.Matrix]]:
    """Average fields of four inputs entry by entry."""
    rows, inputs, signs = integer_matrix(5, 4, 62), list(sympy.symbols("x1:5")), integer_matrix(5, 1, 63)
    fields = rows * sympy.Matrix(inputs) / 2  # the square root of d = 4
    miss, length = sympy.expand((signs.T * fields)[0]), sum(each**2 for each in inputs) / 4
    found = {
        "drift": sympy.Matrix([_mean(miss * each, inputs) for each in fields]),
        "square": sympy.Matrix([[_mean(miss**2, inputs)]]),
        "square of a step": sympy.Matrix([[_mean(miss**2 * length, inputs)]]),
    }
    return {"C": rows * rows.T / 4, "s": signs, "d": 4, "p": 5}, found


def _obligations_of_linear(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with averages over four inputs, and the length with a second dimension."""
    values, averages = _averages_of_linear()
    residuals: dict[str, Residual] = {
        name: squared_norm(evaluate_exactly(closed_form[name], values) - average) for name, average in averages.items()
    }
    longer = evaluate_exactly(closed_form["square of a step"], {**values, "d": 7})
    # |x|^2 is chi-squared: E |x|^4 / E |x|^2 = d + 2, whatever the direction.
    residuals["square of a step, any dimension"] = squared_norm(longer - averages["square"] * sympy.Rational(9, 7))
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="sgd.linear_moments",
        title="Drift and scatter of a step of SGD in a linear network",
        wording="The miss $\\Delta := s^\\top u$ of a linear network moves the weights by $E[\\Delta\\, u] = "
        "<<drift>>$ and scatters them by $E[\\Delta^2] = <<square>>$; the inputs of a step add a factor that tends to "
        "1 in high dimension.",
        assumptions=("Inputs $x \\sim N(0, I_d)$; fields $u = R x / \\sqrt d$ with $R R^\\top = d\\, C$.",),
        source=SOURCE,
        derive=linear_moments,
        limits=("Exact in every dimension.",),
    ),
    Derivation(
        name="sgd.quadratic_moments",
        title="Drift and scatter of a step of SGD in a quadratic network",
        wording="The miss $\\Delta := u^\\top S u$ of a quadratic network, with local fields $u \\sim N(0, C)$ of "
        "students and teacher and $S := \\operatorname{diag}(-a, v)$, moves the weights by $E[\\Delta\\, u u^\\top] = "
        "<<drift>>$ and scatters them by $E[\\Delta^2\\, u u^\\top] = <<scatter>>$. The steps' inputs add factors "
        "that tend to 1 in high dimension.",
        assumptions=("Inputs $x \\sim N(0, I_d)$; fields $u = R x / \\sqrt d$ with $R R^\\top = d\\, C$.",),
        source=SOURCE,
        derive=quadratic_moments,
        limits=("Exact in every dimension.",),
    ),
)
