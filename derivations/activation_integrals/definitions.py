"""What each activation is, as the theory sees it: one SymPy expression in the pre-activation ``h``."""

from collections.abc import Callable
from fractions import Fraction
from numbers import Integral, Real
from typing import Final, TypeAlias

import sympy as sp

from derivations.errors import DerivationError

h: Final = sp.Symbol("h", real=True)
"""The pre-activation."""
q1: Final = sp.Symbol("q_1", positive=True)
"""Variance of ``u``."""
q2: Final = sp.Symbol("q_2", positive=True)
"""Variance of ``v``."""
c: Final = sp.Symbol("c", real=True)
"""Covariance of ``u`` and ``v``."""

Parameter: TypeAlias = int | float | sp.Expr | None
_DEFAULTS: Final = {"leaky_relu": sp.Rational(1, 100), "elu": sp.Integer(1)}
MAXIMAL_DEGREE: Final = 64


class ActivationError(DerivationError):
    """An activation is unknown, its parameter is out of range, or no closed form or quadrature reaches it."""


def _normalized_hermite(degree: sp.Expr) -> sp.Expr:
    n = int(degree)
    return sp.expand(2 ** sp.Rational(-n, 2) * sp.hermite(n, h / sp.sqrt(2))) / sp.sqrt(sp.factorial(n))


def _leaky(slope: sp.Expr) -> sp.Expr:
    step = sp.Heaviside(h, 0)
    return h * (step + slope * (1 - step))


def _elu(alpha: sp.Expr) -> sp.Expr:
    step = sp.Heaviside(h, 0)
    return h * step + alpha * (sp.exp(h) - 1) * (1 - step)


SELU_ALPHA: Final = sp.Rational("1.6732632423543772")
SELU_SCALE: Final = sp.Rational("1.0507009873554805")
"""Of Klambauer, Unterthiner, Mayr and Hochreiter, arXiv 1706.02515, to the digits that are in use."""

_WITHOUT_PARAMETER: Final[dict[str, sp.Expr]] = {
    "linear": h,
    "quadratic": h**2,
    "cubic": h**3,
    "relu": h * sp.Heaviside(h, 0),
    "erf": sp.erf(h),
    "exp": sp.exp(h),
    "sin": sp.sin(h),
    "cos": sp.cos(h),
    "tanh": sp.tanh(h),
    "gelu": h * (1 + sp.erf(h / sp.sqrt(2))) / 2,
    "silu": h / (1 + sp.exp(-h)),
    "softplus": sp.log(1 + sp.exp(h)),
    "sigmoid": 1 / (1 + sp.exp(-h)),
    "selu": SELU_SCALE * _elu(SELU_ALPHA),
}
_WITH_PARAMETER: Final[dict[str, Callable[[sp.Expr], sp.Expr]]] = {
    "hermite": _normalized_hermite,
    "leaky_relu": _leaky,
    "elu": _elu,
}
ACTIVATION_NAMES: Final = tuple(sorted((*_WITHOUT_PARAMETER, *_WITH_PARAMETER)))


def exact_parameter(name: str, parameter: Parameter = None) -> sp.Expr | None:
    """Check the parameter of an activation and make it an exact number (or leave it a symbol)."""
    if name not in ACTIVATION_NAMES:
        raise ActivationError(f"unknown activation {name!r}; expected one of {', '.join(ACTIVATION_NAMES)}")
    if name == "hermite":
        if not isinstance(parameter, Integral | sp.Integer) or not 0 <= int(parameter) <= MAXIMAL_DEGREE:
            raise ActivationError(
                f"the degree of hermite must be an integer from 0 to {MAXIMAL_DEGREE}, got {parameter!r}"
            )
        return sp.Integer(int(parameter))
    if name in _DEFAULTS:
        return _real(name, _DEFAULTS[name] if parameter is None else parameter)
    if parameter is not None:
        raise ActivationError(f"activation {name!r} has no parameter, got {parameter!r}")
    return None


def _real(name: str, parameter: Parameter) -> sp.Expr:
    if isinstance(parameter, sp.Expr):
        return parameter
    if not isinstance(parameter, Real) or not abs(float(parameter)) < float("inf"):
        raise ActivationError(f"the parameter of {name} must be a finite number, got {parameter!r}")
    fraction = Fraction(str(float(parameter)))  # 0.01 means one hundredth, not the nearest binary fraction
    return sp.Rational(fraction.numerator, fraction.denominator)


def define(name: str, parameter: Parameter = None) -> sp.Expr:
    """Define an activation.

    Parameters
    ----------
    name : str
        One of ``ACTIVATION_NAMES``.
    parameter : int, float or SymPy expression, optional
        As in `exact_parameter`.

    Returns
    -------
    SymPy expression
        ``phi(h)`` in the symbol `h`. The step of ReLU is 0 at 0.

    Raises
    ------
    ActivationError
        As in `exact_parameter`.

    Examples
    --------
    >>> define("hermite", 2)
    sqrt(2)*(h**2 - 1)/2
    """
    exact = exact_parameter(name, parameter)
    if name in _WITH_PARAMETER:
        return _WITH_PARAMETER[name](exact)
    return _WITHOUT_PARAMETER[name]
