"""Which derivation serves which activation, and the one public way in: `dual`."""

from collections.abc import Callable
from functools import cache, partial
from typing import Final

import sympy as sp

from derivations.activation_integrals.angular_dual import angular_dual
from derivations.activation_integrals.definitions import Parameter, c, define, exact_parameter, h, q1, q2
from derivations.activation_integrals.dual import ClosedDual, Dual, QuadratureDual
from derivations.activation_integrals.error_function import erf_dual, erf_variance_obligation, stable_erf_dual
from derivations.activation_integrals.exponentials import exponential_dual, stable_exponential_dual
from derivations.activation_integrals.hermite import hermite_dual
from derivations.activation_integrals.polynomials import polynomial_dual
from derivations.activation_integrals.price import density, double_integral
from derivations.activation_integrals.quadrature import STABLE
from derivations.activation_integrals.rectifiers import rectifier_dual

_FAMILY: Final = {
    "linear": "polynomial",
    "quadratic": "polynomial",
    "cubic": "polynomial",
    "hermite": "hermite",
    "relu": "rectifier",
    "leaky_relu": "rectifier",
    "erf": "erf",
    "exp": "exponential",
    "sin": "exponential",
    "cos": "exponential",
    "elu": "kinked",
    "selu": "kinked",
}


def dual(activation_name: str, parameter: Parameter = None) -> Dual:
    """Derive the dual of an activation, ``E[phi(u) phi(v)]``.

    Parameters
    ----------
    activation_name : str
        One of ``ACTIVATION_NAMES``.
    parameter : int, float or SymPy expression, optional
        Degree of a Hermite polynomial, slope of the leaky ReLU (a number or a symbol), or limit of the ELU.

    Returns
    -------
    Dual
        With `expression`, `derivative`, `function`, `on_samples`, `obligations` and `latex`.

    Raises
    ------
    ActivationError
        The name is unknown, or the parameter is missing, superfluous or out of range.

    Examples
    --------
    >>> dual("quadratic").expression
    2*c**2 + q_1*q_2
    >>> dual("relu").derivative.expression
    asin(c/(sqrt(q_1)*sqrt(q_2)))/(2*pi) + 1/4
    >>> float(dual("erf").function(1.0, 1.0, 0.0))
    0.0
    """
    return _dual(activation_name, exact_parameter(activation_name, parameter), 0)


@cache
def _dual(name: str, parameter: sp.Expr | None, order: int) -> Dual:
    definition = _differentiate(name, parameter, order)
    deeper = partial(_dual, name, parameter, order + 1)
    if name in STABLE:
        return _by_quadrature(name, order, definition, deeper)
    family = _FAMILY[name]
    if family == "kinked":
        return angular_dual(name, parameter, order, definition, deeper)
    special: dict[str, sp.Expr] = {}
    stable = None
    if family == "polynomial":
        expression = polynomial_dual(definition, definition, q1, q2, c)
    elif family == "hermite":
        expression = hermite_dual(int(sp.Integer(parameter)), order)
    elif family == "exponential":
        expression, stable = exponential_dual(definition), stable_exponential_dual(definition)
    elif family == "erf":
        expression, stable = erf_dual(order), stable_erf_dual(order) if order < 2 else None
        special = {"equal arguments": erf_variance_obligation()} if order == 0 else {}
    else:
        slope = sp.Integer(0) if parameter is None else parameter
        expression = rectifier_dual(slope, order)
        special = _of_the_delta(expression, slope) if order == 2 else {}
    rectifier = family == "rectifier"
    following = None if rectifier and order == 2 else deeper
    return ClosedDual(name, parameter, order, definition, expression, following, rectifier, stable, special)


def _differentiate(name: str, parameter: sp.Expr | None, order: int) -> sp.Expr:
    phi, step = define(name, parameter), sp.Heaviside(h, 0)
    if not phi.has(step) or order == 0:
        return sp.diff(phi, h, order)
    above, below = phi.subs(step, 1).diff(h), phi.subs(step, 0).diff(h)  # slopes; phi is continuous at 0
    if order == 1:
        return step * above + (1 - step) * below
    return (above - below) * sp.DiracDelta(h)


def _of_the_delta(expression: sp.Expr, slope: sp.Expr) -> dict[str, sp.Expr]:
    """State the obligations of ``E[delta(u) delta(v)]``; at equal arguments it is infinite."""
    origin = sp.Integer(0)
    single = sp.sqrt(density(origin, origin).subs({c: 0, q2: q1}))  # of one Gaussian at its mean
    independent = (1 - slope) ** 2 * single * single.subs(q1, q2)
    return {
        "independent arguments": expression.subs(c, 0) - independent,
        "equal arguments": 1 / expression.subs({q2: q1, c: q1}, simultaneous=True),
    }


def _by_quadrature(name: str, order: int, definition: sp.Expr, deeper: Callable[[], Dual]) -> Dual:
    stable = sp.simplify(sp.diff(STABLE[name], h, order))
    rewriting = sp.simplify(sp.exp(define(name)).rewrite(sp.exp) / sp.exp(STABLE[name]).rewrite(sp.exp)) - 1
    return QuadratureDual(name, None, order, definition, double_integral(definition), deeper, stable, rewriting)
