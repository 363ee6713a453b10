"""Activations on power series in time: the chain rule to any order, from the symbolic definition of the activation."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import sympy

from derivations.activation_integrals.definitions import define, h
from numerics import Activation

Series: TypeAlias = list[Any]
"""Coefficients of ``t^0, t^1, ...``: arrays of one shape."""

KINKED = ("relu", "leaky_relu")
"""Activations whose slope jumps."""


def taylor_coefficients(activation: Activation, order: int) -> Callable[[Any], list[Any]]:
    """Differentiate an activation.

    Examples
    --------
    >>> taylor_coefficients(Activation("cubic"), 3)(np.array([2.0]))
    [array([8.]), array([12.]), array([6.]), array([1.])]
    """
    functions = _derivatives(activation.name, activation.parameter, order)
    return lambda values: [np.broadcast_to(each(values), values.shape).astype(values.dtype) for each in functions]


@cache
def _derivatives(name: str, parameter: Any, order: int) -> tuple[Callable[[Any], Any], ...]:
    expression, found = define(name, parameter), []
    for p in range(order + 1):
        here = expression / sympy.factorial(p)
        found.append(sympy.lambdify(h, here, ["scipy", "numpy"], cse=True))
        expression = sympy.expand_mul(expression.diff(h).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0)))
    return tuple(found)


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
