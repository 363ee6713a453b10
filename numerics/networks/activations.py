"""Activations with their exact first derivatives, for arrays of any namespace.

No gain is hidden in an activation: He's factor 2 belongs to the parametrization.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace, device
from jaxtyping import Inexact

from numerics.backend.arrays import Array
from numerics.backend.special import erf, gaussian_cdf, gaussian_pdf, sigmoid
from numerics.checks import one_of, require_integer, require_real
from numerics.errors import InputError

Elementwise = Callable[[Array], Array]


@dataclass(frozen=True)
class Activation:
    """An activation by name, with the parameter it may have.

    Parameters
    ----------
    name : str
        One of `ACTIVATIONS`.
    parameter : float or int, optional
        The degree of ``"hermite"`` (an integer from 0) or the slope of ``"leaky_relu"`` below zero
        (0.01 unless given); the other activations have none.

    Raises
    ------
    InputError
        If the name is unknown (the nearest one is offered) or the parameter does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> Activation("hermite", 2)(np.asarray([0.0, 1.0, 3.0])).round(4).tolist()  # (h^2 - 1) / sqrt(2)
    [-0.7071, 0.0, 5.6569]
    >>> Activation("relu").derivative(np.asarray([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 1.0]
    """

    name: str
    parameter: float | int | None = None

    def __post_init__(self) -> None:
        one_of("activation", self.name, ACTIVATIONS)
        if self.name == "hermite":
            require_integer("the degree of hermite", self.parameter, 0)
        elif self.name == "leaky_relu":
            slope = 0.01 if self.parameter is None else require_real("the slope of leaky_relu", self.parameter)
            object.__setattr__(self, "parameter", slope)
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


def parse_activation(activation: "str | Activation") -> Activation:
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
        raise InputError(f"activation must be a name or an Activation, got {activation!r}")
    match = re.fullmatch(r"(hermite)[:_]?(\d+)|([a-z_]+):([-+.\deE]+)", activation)
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


def _silu_derivative(h: Array) -> Array:
    s = sigmoid(h)
    return s + h * s * (1 - s)


def _softplus(h: Array) -> Array:
    xp = array_namespace(h)
    return xp.logaddexp(h, xp.zeros_like(h))


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
    "sin": (lambda h: array_namespace(h).sin(h), lambda h: array_namespace(h).cos(h)),
    "cos": (lambda h: array_namespace(h).cos(h), lambda h: -array_namespace(h).sin(h)),
    "exp": (lambda h: array_namespace(h).exp(h), lambda h: array_namespace(h).exp(h)),
}

ACTIVATIONS = (*_PLAIN, "hermite", "leaky_relu")
"""The names of all activations."""


def _functions(activation: Activation) -> tuple[Elementwise, Elementwise]:
    parameter = activation.parameter
    if activation.name == "hermite":
        degree = int(parameter or 0)
        return lambda h: _hermite(h, degree), lambda h: _hermite_derivative(h, degree)
    if activation.name == "leaky_relu":
        return _leaky(float(parameter or 0.0))
    return _PLAIN[activation.name]
