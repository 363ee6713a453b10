"""From a closed form to a function of arrays that stays finite at the edges of its domain."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from derivations.activation_integrals.definitions import ActivationError, c, q1, q2

KernelFunction = Callable[[Any, Any, Any], Any]
"""Takes arrays ``q1, q2, c`` that broadcast against each other."""
KernelFunctions = Callable[[Any, Any, Any], list[Any]]
"""The same, with several values."""

_r = sp.Symbol("r", real=True)
gap = sp.Symbol("gap", nonnegative=True)
"""Stands for ``q_1 q_2 - c^2`` in a form that is compiled."""
tilted_sinh, tilted_cosh = sp.Function("tilted_sinh"), sp.Function("tilted_cosh")
"""Stand for ``exp(-mean) sinh(c)`` and ``exp(-mean) cosh(c)``, of ``c`` and ``mean``."""


def prepare(q1: Any, q2: Any, c: Any) -> tuple[Any, Any, Any]:
    """Check variances and bring all three to one floating-point type."""
    arrays = [np.asarray(x) for x in (q1, q2, c)]
    dtype = np.float32 if all(x.dtype == np.float32 for x in arrays) else np.float64
    first, second, covariance = (x.astype(dtype, copy=False) for x in arrays)
    for name, q in (("q1", first), ("q2", second)):
        if q.size and q.min() < 0:
            raise ActivationError(f"{name} must not be negative, got {q.min()}")
    return first, second, covariance


def gap_of(q1: Any, q2: Any, c: Any) -> tuple[Any, Any]:
    """Bound a covariance by the standard deviations; compute ``q1 q2 - c^2``, exactly 0 at ``c = q1 = q2``.

    The product of the roots alone may round to another number than ``q1`` where both variances are equal.
    """
    bound = np.where(q1 == q2, q1, np.sqrt(q1) * np.sqrt(q2))
    bounded = np.clip(c, -bound, bound)
    return bounded, (bound - bounded) * (bound + bounded)


class HomogeneousForm(NamedTuple):
    """A closed form that is homogeneous in the two standard deviations.

    Parameters
    ----------
    expression : SymPy expression
        In the symbols `q1`, `q2` and `c`.
    degree : int
        In each of the standard deviations.
    mean : SymPy expression
        The mean of the activation at variance `q1`.
    at_zero : SymPy expression
        The activation at 0.
    """

    expression: sp.Expr
    degree: int
    mean: sp.Expr
    at_zero: sp.Expr


def by_covariance(*expressions: sp.Expr) -> KernelFunctions:
    """Compile closed forms that are smooth in ``c``, what they have in common once.

    Differences that would lose all digits at large variances are computed apart: `gap`, and `tilted_sinh` and its like.
    """
    names = {"tilted_sinh": _tilted_sinh, "tilted_cosh": _tilted_cosh}
    compiled = sp.lambdify((q1, q2, c, gap), expressions, modules=[names, "numpy"], cse=True)
    delicate = any(each.has(gap, tilted_sinh, tilted_cosh) for each in expressions)

    def functions(q1: Any, q2: Any, c: Any) -> list[Any]:
        first, second, covariance = prepare(q1, q2, c)
        if delicate:
            bounded, apart = gap_of(first, second, covariance)
        else:
            bound = np.sqrt(first) * np.sqrt(second)
            bounded, apart = np.clip(covariance, -bound, bound), None
        return [_filled(each, bounded) for each in compiled(first, second, bounded, apart)]

    return functions


def _tilted_sinh(c: Any, mean: Any) -> Any:
    """Compute ``exp(-mean) sinh(c)`` for ``|c| <= mean``: neither factor alone stays in range."""
    size = np.abs(c)
    return np.copysign(np.exp(size - mean) * -np.expm1(-2 * size) / 2, c)


def _tilted_cosh(c: Any, mean: Any) -> Any:
    """Compute ``exp(-mean) cosh(c)`` for ``|c| <= mean``."""
    size = np.abs(c)
    return np.exp(size - mean) * (1 + np.exp(-2 * size)) / 2


def by_correlation(*forms: HomogeneousForm) -> KernelFunctions:
    """Compile closed forms that are homogeneous in the two standard deviations, what they have in common once.

    The correlation is computed once and clipped, so that an arc sine and the square root beside it see the
    same number: their errors cancel where the correlation is near one. It is exactly one at ``c = q1 = q2``.
    Where a variance is zero, the pre-activation is the constant 0 and the value is a product of
    one-dimensional means.
    """
    compiled = sp.lambdify(_r, [_of_correlation(each.expression) for each in forms], modules="numpy", cse=True)
    means = [sp.lambdify(q1, each.mean, modules="numpy") for each in forms]

    def functions(q1: Any, q2: Any, c: Any) -> list[Any]:
        first, second, covariance = prepare(q1, q2, c)
        scale = np.sqrt(first * second)  # not the product of the roots: this rounds to q when both are q
        constant = scale == 0 if first.min(initial=1) * second.min(initial=1) == 0 else None
        r = covariance / (scale if constant is None else np.where(constant, 1, scale))
        with np.errstate(divide="ignore"):  # the dual of the delta function is infinite at correlation one
            values = [_filled(each, r) for each in compiled(np.clip(r, -1, 1, out=r if np.ndim(r) else None))]
        for i, (form, mean) in enumerate(zip(forms, means, strict=True)):
            if form.degree:
                values[i] = values[i] * (scale if form.degree == 1 else scale**form.degree)
            if constant is not None:
                one, other = (np.where(q == 0, float(form.at_zero), mean(q)) for q in (first, second))
                values[i] = np.where(constant, (one * other).astype(values[i].dtype), values[i])
        return values

    return functions


def _filled(value: Any, like: Any) -> Any:
    """Give a constant the shape and the dtype of an array."""
    return np.broadcast_to(value, like.shape).astype(like.dtype) if np.ndim(value) == 0 else value


def _of_correlation(expression: sp.Expr) -> sp.Expr:
    """Write a form at unit variances, with one number before each function: fewer passes over arrays."""
    at_unit_variances = sp.collect(sp.expand(expression.subs({q1: 1, q2: 1, c: _r})), _r)
    return at_unit_variances.subs(sp.pi, sp.pi.evalf(17))
