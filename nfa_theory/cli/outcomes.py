"""What a command may end in: statuses, one line that says why, and an answer to Ctrl-C and to signals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HELD, REFUTED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""
FAILED = ("refuted", "error")
"""Verdicts that end in exit status 1."""


class Stopped(KeyboardInterrupt):
    """A signal that asks to stop, as Ctrl-C does; its number is the argument."""


@contextmanager
def interruptible(out: Path | str | None = None) -> Iterator[None]:
    """Answer Ctrl-C within a block by one line, which says what became of the output `out`, and exit status 130."""
    import typer

    try:
        yield
    except KeyboardInterrupt as error:
        kept = f"; nothing was written to {out}" if isinstance(out, Path) else "" if out is None else f"; {out}"
        raise typer.Exit(complain(f"interrupted{kept}", interrupted_status(error))) from None


def interrupted_status(error: KeyboardInterrupt) -> int:
    """Return the exit status that shells give to a process ended by this signal."""
    return 128 + error.args[0] if isinstance(error, Stopped) else INTERRUPTED


def complain(message: str, status: int) -> int:
    """Write one line to stderr."""
    print(f"nfa: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    return status
