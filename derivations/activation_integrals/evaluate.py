"""From a closed form to a function of arrays that stays finite at the edges of its domain."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from derivations.activation_integrals.definitions import ActivationError, c, q1, q2

KernelFunction = Callable[[Any, Any, Any], Any]
"""Takes arrays ``q1, q2, c`` that broadcast against each other."""

_r = sp.Symbol("r", real=True)


def prepare(q1: Any, q2: Any, c: Any) -> tuple[Any, Any, Any]:
    """Check variances and bring all three to one floating-point type.

    Parameters
    ----------
    q1, q2 : array_like
        Variances.
    c : array_like
        Covariances. Rounding may have left them outside ``|c| <= sqrt(q1 q2)``; whoever uses them clips.

    Returns
    -------
    tuple of three ndarray
        Of ``float32`` if all that came was, else ``float64``; not yet broadcast.

    Raises
    ------
    ActivationError
        A variance is negative.
    """
    arrays = [np.asarray(x) for x in (q1, q2, c)]
    dtype = np.float32 if all(x.dtype == np.float32 for x in arrays) else np.float64
    first, second, covariance = (x.astype(dtype, copy=False) for x in arrays)
    for name, q in (("q1", first), ("q2", second)):
        if q.size and q.min() < 0:
            raise ActivationError(f"{name} must not be negative, got {q.min()}")
    return first, second, covariance


def compile_covariance(expression: sp.Expr) -> KernelFunction:
    """Compile a closed form that is smooth in ``c``.

    Parameters
    ----------
    expression : SymPy expression
        In the symbols `q1`, `q2` and `c`.

    Returns
    -------
    callable
        A `KernelFunction` that clips ``c`` to ``|c| <= sqrt(q1 q2)``.
    """
    compiled = sp.lambdify((q1, q2, c), expression, modules="numpy", cse=True)

    def function(q1: Any, q2: Any, c: Any) -> Any:
        first, second, covariance = prepare(q1, q2, c)
        bound = np.sqrt(first) * np.sqrt(second)
        value = compiled(first, second, np.clip(covariance, -bound, bound))
        return np.broadcast_to(value, bound.shape).astype(bound.dtype) if np.ndim(value) == 0 else value

    return function


def compile_correlation(expression: sp.Expr, degree: int, mean: sp.Expr, at_zero: sp.Expr) -> KernelFunction:
    """Compile a closed form that is homogeneous in the two standard deviations.

    The correlation is computed once and clipped, so that an arc sine and the square root beside it see the
    same number: their errors cancel where the correlation is near one. It is exactly one at ``c = q1 = q2``.
    Where a variance is zero, the pre-activation is the constant 0 and the value is a product of
    one-dimensional means.

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

    Returns
    -------
    callable
        A `KernelFunction`.
    """
    at_unit_variances = sp.collect(sp.expand(expression.subs({q1: 1, q2: 1, c: _r})), _r)
    folded = at_unit_variances.subs(sp.pi, sp.pi.evalf(17))  # one number before each function: fewer passes over arrays
    compiled = sp.lambdify(_r, folded, modules="numpy")
    compiled_mean = sp.lambdify(q1, mean, modules="numpy")

    def function(q1: Any, q2: Any, c: Any) -> Any:
        first, second, covariance = prepare(q1, q2, c)
        scale = np.sqrt(first * second)  # not the product of the roots: this rounds to q when both are q
        constant = scale == 0 if first.min(initial=1) * second.min(initial=1) == 0 else None
        divisor = scale if constant is None else np.where(constant, 1, scale)
        with np.errstate(divide="ignore"):  # the dual of the delta function is infinite at correlation one
            value = compiled(np.clip(covariance / divisor, -1, 1))
        if degree:
            value *= scale if degree == 1 else scale**degree
        if constant is None:
            return value
        means = [np.where(q == 0, float(at_zero), compiled_mean(q)) for q in (first, second)]
        return np.where(constant, (means[0] * means[1]).astype(value.dtype), value)

    return function
