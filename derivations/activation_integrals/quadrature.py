"""Gauss-Hermite quadrature for activations without a closed form here: GELU, tanh, SiLU, softplus, sigmoid.

``u = s1 x`` and ``v = s2 (r x + sqrt(1 - r^2) y)`` with independent standard normal ``x, y`` have the wanted
covariance, so the dual is a double Gaussian integral. Orders are raised until two agree; the difference of
the last two estimates the error of the lower.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import roots_hermitenorm

from derivations.activation_integrals.definitions import h
from derivations.activation_integrals.evaluate import prepare

ORDERS = (48, 96, 192)
_ENOUGH = 1e-13  # relative difference of two orders at which no higher one is tried
_CHUNK = 1 << 21  # values of the activation held at once

# Rewritten so that no exponential overflows; each rewriting is an obligation of the dual that uses it.
STABLE = {
    "tanh": sp.tanh(h),
    "gelu": h * (1 + sp.erf(h / sp.sqrt(2))) / 2,
    "silu": h * (1 + sp.tanh(h / 2)) / 2,
    "softplus": h / 2 + sp.log(2 * sp.cosh(h / 2)),
    "sigmoid": (1 + sp.tanh(h / 2)) / 2,
}


@cache
def normal_rule(order: int) -> tuple[Any, Any]:
    """Return nodes and weights of the Gauss rule for the standard normal density."""
    nodes, weights = roots_hermitenorm(order)
    weights = weights / weights.sum()
    for array in (nodes, weights):
        array.setflags(write=False)
    return nodes, weights


def compile_activation(expression: sp.Expr) -> Callable[[Any], Any]:
    """Compile an activation for arrays."""
    return sp.lambdify(h, expression, modules=["scipy", "numpy"], cse=True)  # type: ignore[no-any-return]


def tensor_rule(activation: Callable[[Any], Any], q1: Any, q2: Any, c: Any, order: int) -> Any:
    """Compute ``E[phi(u) phi(v)]`` elementwise by a tensor product of two Gauss rules."""
    first, second, covariance = np.broadcast_arrays(*prepare(q1, q2, c))
    shape = first.shape
    s, t, e = (np.asarray(x, dtype=np.float64).ravel() for x in (np.sqrt(first), np.sqrt(second), covariance))
    nodes, weights = normal_rule(order)
    result = np.empty(s.size)
    step = max(1, _CHUNK // order**2)
    for start in range(0, s.size, step):
        part = slice(start, start + step)
        scale = s[part] * t[part]
        r = np.clip(e[part] / np.where(scale == 0, 1, scale), -1, 1)
        u = s[part, None] * nodes
        v = r[:, None, None] * nodes[:, None] + np.sqrt(1 - r**2)[:, None, None] * nodes
        inner = activation(t[part, None, None] * v) @ weights
        result[part] = (activation(u) * inner) @ weights
    return result.reshape(shape)


def tensor_rule_with_error(activation: Callable[[Any], Any], q1: Any, q2: Any, c: Any) -> tuple[Any, Any]:
    """Compute ``E[phi(u) phi(v)]`` with an estimate of its error."""
    value = tensor_rule(activation, q1, q2, c, ORDERS[0])
    for order in ORDERS[1:]:
        previous, value = value, tensor_rule(activation, q1, q2, c, order)
        error = np.abs(value - previous)
        if np.all(error <= _ENOUGH * np.abs(value).max(initial=0)):
            break
    return value, error
