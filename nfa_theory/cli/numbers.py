"""Numbers on the command line, refused with the text that came."""

from __future__ import annotations

import typer


def integer(text: str) -> int:
    """Read an integer."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"expected an integer, got {text!r}") from None


def count(text: str) -> int:
    """Read an integer from 0 and below 2^31, as a seed is."""
    value = integer(text)
    if not 0 <= value < 2**31:
        raise typer.BadParameter(f"must be an integer from 0 to {2**31 - 1}, got {value}")
    return value


def networks(text: str) -> int:
    """Read a number of random networks: none, or enough for a spread with its error."""
    value = integer(text)
    if value and (value < 4 or value % 2):
        raise typer.BadParameter(f"must be 0 (the limit alone) or an even number from 4, got {value}")
    return value


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"expected a number, got {text!r}") from None
