"""Checks of arguments: each returns what it was given, or refuses it in one line: what was expected, what came."""

import math
import operator
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

from numerics.errors import InputError, unknown


def one_of(kind: str, name: str, known: Iterable[str]) -> str:
    """Return a name if it is known.

    Examples
    --------
    >>> one_of("loss", "mes", ("mse", "cross_entropy"))
    Traceback (most recent call last):
    numerics.errors.InputError: unknown loss 'mes'; did you mean 'mse'?
    """
    known = tuple(known)
    if name not in known:
        raise InputError(unknown(kind, name, known))
    return name


def require_integer(name: str, value: Any, least: int, most: int | None = None, *, meaning: str = "") -> int:
    """Return an integer of Python or NumPy if it is in a range; `meaning` says where the range comes from.

    Examples
    --------
    >>> require_integer("rank", 7, 1, 5)
    Traceback (most recent call last):
    numerics.errors.InputError: rank must be an integer from 1 to 5, got 7
    """
    suitable = not isinstance(value, bool) and isinstance(value, Integral)
    if not suitable or value < least or (most is not None and value > most):
        wanted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be an integer {wanted}{meaning}, got {value}")
    return int(value)


_BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "above": ("above", operator.gt),
    "least": ("of at least", operator.ge),
    "below": ("below", operator.lt),
    "most": ("at most", operator.le),
}


def require_real(name: str, value: Any, **bounds: float) -> float:
    """Return a finite number if it is in a range, whose bounds are ``above``, ``least``, ``below`` or ``most``.

    Examples
    --------
    >>> require_real("learning_rate", -0.1, above=0)
    Traceback (most recent call last):
    numerics.errors.InputError: learning_rate must be positive, got -0.1
    >>> require_real("momentum", 1.0, least=0, below=1)
    Traceback (most recent call last):
    numerics.errors.InputError: momentum must be a finite number of at least 0 and below 1, got 1.0
    """
    real = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if real and all(_BOUNDS[kind][1](float(value), bound) for kind, bound in bounds.items()):
        return float(value)
    limits = " and ".join(f"{_BOUNDS[kind][0]} {bound}" for kind, bound in bounds.items())
    wanted = "positive" if bounds == {"above": 0} else f"a finite number {limits}".rstrip()
    raise InputError(f"{name} must be {wanted}, got {value}")
