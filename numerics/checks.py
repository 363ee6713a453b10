"""Checks of arguments: each returns what it was given, or refuses it in one line: what was expected, what came."""

import math
from collections.abc import Iterable
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


def require_real(
    name: str, value: Any, *, above: float | None = None, least: float | None = None, below: float | None = None
) -> float:
    """Return a finite number if it is in a range.

    Examples
    --------
    >>> require_real("learning_rate", -0.1, above=0)
    Traceback (most recent call last):
    numerics.errors.InputError: learning_rate must be positive, got -0.1
    >>> require_real("variance", -0.5, least=0)
    Traceback (most recent call last):
    numerics.errors.InputError: variance must be a finite number of at least 0, got -0.5
    """
    suitable = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if (
        not suitable
        or (above is not None and value <= above)
        or (least is not None and value < least)
        or (below is not None and value >= below)
    ):
        bounds = [f"above {above}"] * (above is not None) + [f"of at least {least}"] * (least is not None)
        wanted = " ".join(["a finite number", *bounds]) + (f" and below {below}" if below is not None else "")
        raise InputError(f"{name} must be {'positive' if (above, below) == (0, None) else wanted}, got {value}")
    return float(value)
