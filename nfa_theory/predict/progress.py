"""How a long computation tells that it moves on."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Called as ``progress(done, total)`` now and then."""


def silent(done: int, total: int) -> None:
    """Report nothing."""
