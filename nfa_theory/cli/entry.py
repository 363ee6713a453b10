"""The entry point: it turns every foreseeable failure into one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from numerics.errors import InputError

HELD, REFUTED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""
FAILED = ("refuted", "error")
"""Verdicts that end in exit status 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `nfa`."""
    try:
        from nfa_theory.cli.app import app

        status = app(args=arguments, prog_name="nfa", standalone_mode=False)
    except BrokenPipeError:  # the reader (`| head`) has seen enough; nothing more may be flushed into the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HELD
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED)
    except (InputError, OSError) as error:
        return complain(str(error), BAD_INPUT)
    except MemoryError as error:
        return complain(f"not enough memory: {error}", BAD_INPUT)
    except Exception as error:
        if not hasattr(error, "format_message"):  # those of typer, wherever this version keeps their base class
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been shown
            return HELD
        return complain(f"{error.format_message()} ({_help_for(error)} shows what is expected)", BAD_INPUT)
    return status if isinstance(status, int) else HELD


@contextmanager
def interruptible(out: Path | None = None) -> Iterator[None]:
    """Answer Ctrl-C within a block by one line and exit status 130."""
    import typer

    try:
        yield
    except KeyboardInterrupt:
        kept = "" if out is None else f"; nothing was written to {out}"
        raise typer.Exit(complain(f"interrupted{kept}", INTERRUPTED)) from None


def complain(message: str, status: int) -> int:
    """Write one line to stderr."""
    print(f"nfa: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    return status


def _help_for(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"'{context.command_path if context is not None else 'nfa'} --help'"
