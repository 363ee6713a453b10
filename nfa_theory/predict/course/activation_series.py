"""Activations on power series in time: the chain rule to any order, from the symbolic definition of the activation."""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np
import sympy
from numpy.polynomial.chebyshev import Chebyshev, chebpts1, chebvander

from derivations.activation_integrals.angular_dual import compile_sides
from derivations.activation_integrals.definitions import define, h
from derivations.activation_integrals.quadrature import STABLE
from numerics import Activation

Series: TypeAlias = list[Any]
"""Coefficients of ``t^0, t^1, ...``: arrays of one shape."""

_KINKED = ("relu", "leaky_relu", "elu", "selu")
_REACH, _NODES = 0.5, 17
_ROUGH = 1e-6


def has_kinks(activation: Activation) -> bool:
    """Tell whether slopes jump; of a function without a formula that is not known, and taken to be so."""
    return activation.name in _KINKED or activation.own is not None


def taylor_coefficients(activation: Activation, order: int) -> Callable[[Any], list[Any]]:
    """Differentiate an activation.

    Examples
    --------
    >>> taylor_coefficients(Activation("cubic"), 3)(np.array([2.0]))
    [array([8.]), array([12.]), array([6.]), array([1.])]
    """
    if activation.own is not None:
        return partial(_by_interpolation, activation, order)
    functions = _derivatives(activation.name, activation.parameter, order)
    return lambda values: [np.broadcast_to(each(values), values.shape).astype(values.dtype) for each in functions]


@cache
def _derivatives(name: str, parameter: Any, order: int) -> tuple[Callable[[Any], Any], ...]:
    """Differentiate the formula, each side of a kink by itself."""
    expression, found = STABLE.get(name, define(name, parameter)), []
    for p in range(order + 1):
        found.append(compile_sides(sympy.expand_mul(expression) / sympy.factorial(p)))
        expression = expression.diff(h).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    return tuple(found)


def _by_interpolation(activation: Activation, order: int, values: Any) -> list[Any]:
    """Differentiate the given derivative by Chebyshev interpolation around every value.

    Where it is not smooth, its own derivatives are set to zero, as those of a step.
    """
    nodes = chebpts1(_NODES)
    slopes = np.stack([activation.derivative(values + _REACH * x) for x in nodes], axis=-1)
    coefficients = slopes @ (2 / _NODES * chebvander(nodes, _NODES - 1))
    coefficients[..., 0] /= 2
    rough = abs(coefficients[..., -2:]).max(axis=-1) > _ROUGH * abs(coefficients).max(axis=-1)
    found = [activation(values), activation.derivative(values)]
    for p in range(1, order):
        at_center = np.array([Chebyshev.basis(j).deriv(p)(0.0) for j in range(_NODES)]) / _REACH**p
        found.append(np.where(rough, 0.0, coefficients @ at_center) / math.factorial(p + 1))
    return found[: order + 1]


def compose(taylor: list[Any], inner: Series, order: int) -> Series:
    """Insert a series into a function that is known by its Taylor coefficients at the constant term."""
    change = inner[1 : order + 1]  # of (h - h_0) / t
    result: Series = [taylor[0], *(taylor[1] * each for each in change)]
    power = change
    for p in range(2, order + 1):
        power = multiply_entries(power, change, order - p)
        for j, each in enumerate(power):
            result[p + j] = result[p + j] + taylor[p] * each
    return result


def multiply_entries(left: Series, right: Series, order: int) -> Series:
    """Multiply two series entry by entry."""
    return [
        sum((left[i] * right[j - i] for i in range(1, j + 1)), left[0] * right[j])
        for j in range(min(order, len(left) - 1) + 1)
    ]
