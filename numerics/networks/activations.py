"""Activations with their exact first derivatives, for arrays of any namespace.

No gain is hidden in an activation: He's factor 2 belongs to the parametrization.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Inexact

from numerics.backend.arrays import Array
from numerics.backend.special import erf, gaussian_cdf, gaussian_pdf, sigmoid
from numerics.checks import one_of, require_integer, require_real
from numerics.errors import InputError

Elementwise = Callable[[Array], Array]
MOST_DEGREES = 64
"""Highest degree of a Hermite activation: in higher ones, rounding decides."""


@dataclass(frozen=True)
class Activation:
    """An activation by name, with the parameter it may have, or your own with its derivative.

    Parameters
    ----------
    name : str or callable
        One of `ACTIVATIONS` in any case, or a function of arrays.
    parameter : float, int or callable, optional
        The degree of ``"hermite"`` (from 0 to 64), the slope of ``"leaky_relu"`` below zero (0.01 unless given), the
        limit of ``"elu"`` (its alpha, 1 unless given), or the derivative of a function of your own; the other
        activations have none.

    Raises
    ------
    InputError
        If the name is unknown (the nearest one is offered), the parameter does not fit, or a function is not
        differentiated by what is given as its derivative.

    Examples
    --------
    >>> import numpy as np
    >>> Activation("hermite", 2)(np.asarray([0.0, 1.0, 3.0])).round(4).tolist()  # (h^2 - 1) / sqrt(2)
    [-0.7071, 0.0, 5.6569]
    >>> Activation("relu").derivative(np.asarray([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 1.0]
    >>> Activation(lambda h: h**4, lambda h: 4 * h**3).derivative(np.asarray([2.0])).tolist()
    [32.0]
    """

    name: str
    parameter: float | int | None = None
    own: tuple[Elementwise, Elementwise] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        given: Any = self.name
        if callable(given):
            _check_derivative(given, self.parameter)
            object.__setattr__(self, "own", (given, self.parameter))
            object.__setattr__(self, "name", f"own:{getattr(given, '__qualname__', type(given).__name__)}")
            object.__setattr__(self, "parameter", None)
            return
        if isinstance(self.name, str):
            object.__setattr__(self, "name", _ALIASES.get(self.name.lower(), self.name.lower()))
        one_of("activation", self.name, ACTIVATIONS)
        if self.name == "hermite":
            require_integer("the degree of hermite", self.parameter, 0, MOST_DEGREES)
        elif self.name in _DEFAULTS:
            given = _DEFAULTS[self.name] if self.parameter is None else self.parameter
            object.__setattr__(self, "parameter", require_real(f"the parameter of {self.name}", given))
        elif self.parameter is not None:
            raise InputError(f"activation {self.name} takes no parameter, got {self.parameter!r}")

    def __call__(self, h: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
        """Return phi(h), elementwise."""
        return _functions(self)[0](h)

    def derivative(self, h: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
        """Return phi'(h), elementwise; at a kink the value from the left, as PyTorch has it."""
        return _functions(self)[1](h)

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}:{self.parameter:g}"


def parse_activation(activation: Any) -> Activation:
    """Read an activation from its name, with a parameter after a colon.

    Examples
    --------
    >>> parse_activation("hermite:3")
    Activation(name='hermite', parameter=3)
    >>> parse_activation("rleu")
    Traceback (most recent call last):
    ...
    numerics.errors.InputError: unknown activation 'rleu'; did you mean 'relu'?
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):
        hint = "; Activation(f, df) takes a function with its derivative" if callable(activation) else ""
        raise InputError(f"activation must be a name or an Activation, got {activation!r}{hint}")
    match = re.fullmatch(r"(hermite)[:_]?(\d+)|([a-z_]+):([-+.\de]+)", activation.lower())
    if match is None:
        return Activation(activation)
    if match[1]:
        return Activation("hermite", int(match[2]))
    try:
        return Activation(match[3], float(match[4]))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"activation parameter must be a number, got {match[4]!r}") from None


def _check_derivative(function: Elementwise, derivative: object) -> None:
    """Compare a derivative with a difference quotient, at points where no usual activation has a kink."""
    if not callable(derivative):
        raise InputError(f"an activation of your own needs its derivative, Activation(f, df), got {derivative!r}")
    h, step = np.asarray([-2.3, -1.1, -0.37, 0.29, 0.83, 1.9]), 1e-5
    try:
        quotient = (function(h + step) - function(h - step)) / (2 * step)
        given = derivative(h)
    except Exception as error:  # whatever the function stumbles over
        raise InputError(f"an activation must take arrays, got {type(error).__name__}: {error}") from error
    wrong = np.flatnonzero(np.broadcast_to(~(np.abs(given - quotient) <= 1e-4 * (1 + np.abs(quotient))), h.shape))
    if len(wrong):
        i = int(wrong[0])
        raise InputError(
            f"the derivative of an activation must be that of the function, at {h[i]} {quotient[i]:.6g}, "
            f"got {np.broadcast_to(given, h.shape)[i]:.6g}"
        )


def _hermite(h: Array, degree: int) -> Array:
    # Three-term recurrence of the polynomials normalized in L2 of the standard Gaussian.
    xp = array_namespace(h)
    previous, current = xp.zeros_like(h), xp.ones_like(h)
    for i in range(degree):
        previous, current = current, (h * current - math.sqrt(i) * previous) / math.sqrt(i + 1)
    return current


def _hermite_derivative(h: Array, degree: int) -> Array:
    if degree == 0:
        return array_namespace(h).zeros_like(h)
    return math.sqrt(degree) * _hermite(h, degree - 1)


def _positive(h: Array, above: Array | float, below: Array | float) -> Array:
    return array_namespace(h).where(h > 0, above, below)


def _constant(h: Array, value: float) -> Array:
    return array_namespace(h).full_like(h, value)


def _leaky(slope: float) -> tuple[Elementwise, Elementwise]:
    return (
        lambda h: _positive(h, h, slope * h),
        lambda h: _positive(h, _constant(h, 1.0), _constant(h, slope)),
    )


def _relu(h: Array) -> Array:
    xp = array_namespace(h)
    # Not `where`: it branches on every entry, and it would turn a NaN into 0 and hide a divergence. A row of zeros and
    # not one: NumPy compares with a single number three times more slowly.
    return xp.maximum(h, xp.zeros(h.shape[-1:], dtype=h.dtype, device=device(h)))


def _step(h: Array) -> Array:
    return array_namespace(h).astype(h > 0, h.dtype)


def _elu(alpha: float, scale: float = 1.0) -> tuple[Elementwise, Elementwise]:
    def below(h: Array) -> Array:
        xp = array_namespace(h)
        return xp.minimum(h, xp.zeros_like(h))  # so that the branch that is not taken does not overflow

    return (
        lambda h: scale * _positive(h, h, alpha * array_namespace(h).expm1(below(h))),
        lambda h: scale * _positive(h, _constant(h, 1.0), alpha * array_namespace(h).exp(below(h))),
    )


def _sigmoid_derivative(h: Array) -> Array:
    s = sigmoid(h)
    return s * (1 - s)


def _silu_derivative(h: Array) -> Array:
    s = sigmoid(h)
    return s + h * s * (1 - s)


def _softplus(h: Array) -> Array:
    xp = array_namespace(h)
    return xp.logaddexp(h, xp.zeros_like(h))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Of Klambauer, Unterthiner, Mayr and Hochreiter, arXiv 1706.02515: they keep mean 0 and variance 1 of a Gaussian."""

_PLAIN: dict[str, tuple[Elementwise, Elementwise]] = {
    "linear": (lambda h: h, lambda h: _constant(h, 1.0)),
    "quadratic": (lambda h: h * h, lambda h: 2 * h),
    "cubic": (lambda h: h * h * h, lambda h: 3 * h * h),
    "relu": (_relu, _step),
    "erf": (erf, lambda h: (2 / math.sqrt(math.pi)) * array_namespace(h).exp(-h * h)),
    "tanh": (lambda h: array_namespace(h).tanh(h), lambda h: 1 - array_namespace(h).tanh(h) ** 2),
    "gelu": (lambda h: h * gaussian_cdf(h), lambda h: gaussian_cdf(h) + h * gaussian_pdf(h)),
    "silu": (lambda h: h * sigmoid(h), _silu_derivative),
    "softplus": (_softplus, sigmoid),
    "sigmoid": (sigmoid, _sigmoid_derivative),
    "selu": _elu(_SELU_ALPHA, _SELU_SCALE),
    "sin": (lambda h: array_namespace(h).sin(h), lambda h: array_namespace(h).cos(h)),
    "cos": (lambda h: array_namespace(h).cos(h), lambda h: -array_namespace(h).sin(h)),
    "exp": (lambda h: array_namespace(h).exp(h), lambda h: array_namespace(h).exp(h)),
}

_DEFAULTS = {"leaky_relu": 0.01, "elu": 1.0}
_ALIASES = {"swish": "silu", "identity": "linear", "logistic": "sigmoid"}

ACTIVATIONS = (*_PLAIN, "hermite", *_DEFAULTS)
"""The names of all activations."""


def _functions(activation: Activation) -> tuple[Elementwise, Elementwise]:
    parameter = activation.parameter
    if activation.own is not None:
        return activation.own
    if activation.name == "hermite":
        degree = int(parameter or 0)
        return lambda h: _hermite(h, degree), lambda h: _hermite_derivative(h, degree)
    if activation.name == "leaky_relu":
        return _leaky(float(parameter or 0.0))
    if activation.name == "elu":
        return _elu(float(parameter or 0.0))
    return _PLAIN[activation.name]
