"""Checks of numbers given by the caller, each refusal in one line."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from numerics.errors import InputError


def require_integer(name: str, value: Any, least: int, most: int | None = None) -> None:
    """Refuse anything but an integer in a range.

    Examples
    --------
    >>> require_integer("rank", 7, 1, 5)
    Traceback (most recent call last):
    numerics.errors.InputError: rank must be an integer from 1 to 5, got 7
    """
    suitable = not isinstance(value, bool) and isinstance(value, Integral)
    if not suitable or value < least or (most is not None and value > most):
        wanted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be an integer {wanted}, got {value}")


def require_real(name: str, value: Any, *, above: float | None = None, least: float | None = None) -> None:
    """Refuse anything but a finite number in a range.

    Examples
    --------
    >>> require_real("variance", -0.5, least=0)
    Traceback (most recent call last):
    numerics.errors.InputError: variance must be a finite number of at least 0, got -0.5
    """
    suitable = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if not suitable or (above is not None and value <= above) or (least is not None and value < least):
        wanted = "" if above is None else f" above {above}"
        wanted += "" if least is None else f" of at least {least}"
        raise InputError(f"{name} must be a finite number{wanted}, got {value}")
