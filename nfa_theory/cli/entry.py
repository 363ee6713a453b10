"""The entry point: it turns every foreseeable failure into one line and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from numerics.errors import InputError

HELD, REFUTED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""
FAILED = ("refuted", "error")
"""Verdicts that end in exit status 1."""


class Stopped(KeyboardInterrupt):
    """A signal that asks to stop, as Ctrl-C does; its number is the argument."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `nfa`."""
    with stopped_by_signals(), notes_on_stderr():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        from nfa_theory.cli.app import app

        status = app(args=arguments, prog_name="nfa", standalone_mode=False)
    except BrokenPipeError:  # the reader (`| head`) has seen enough; nothing more may be flushed into the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HELD
    except KeyboardInterrupt as error:
        return complain("interrupted", interrupted_status(error))
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
def interruptible(out: Path | str | None = None) -> Iterator[None]:
    """Answer Ctrl-C within a block by one line, which says what became of the output `out`, and exit status 130."""
    import typer

    try:
        yield
    except KeyboardInterrupt as error:
        kept = f"; nothing was written to {out}" if isinstance(out, Path) else "" if out is None else f"; {out}"
        raise typer.Exit(complain(f"interrupted{kept}", interrupted_status(error))) from None


@contextmanager
def notes_on_stderr() -> Iterator[None]:
    """Write what may not be meant to stderr, a line each and each once."""
    from numerics.data.notes import DataWarning

    seen = set()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def tell(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if not issubclass(category, DataWarning):
                show(message, category, *rest, **more)
            elif str(message) not in seen:
                seen.add(str(message))
                print(f"nfa: note: {message}", file=sys.stderr)  # noqa: T201

        warnings.filterwarnings("always", category=DataWarning)
        warnings.showwarning = tell
        yield


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Answer SIGTERM and SIGHUP as Ctrl-C, so that what is unfinished is cleared away; `nohup` is respected."""
    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        wanted = []
    changed = [number for number in wanted if signal.getsignal(number) == signal.SIG_DFL]

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough: a second one must not stop the clearing
        raise Stopped(number)

    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def interrupted_status(error: KeyboardInterrupt) -> int:
    """Return the exit status that shells give to a process ended by this signal."""
    return 128 + error.args[0] if isinstance(error, Stopped) else INTERRUPTED


def complain(message: str, status: int) -> int:
    """Write one line to stderr."""
    print(f"nfa: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    return status


def _help_for(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"'{context.command_path if context is not None else 'nfa'} --help'"
