"""The entry point: it turns every foreseeable failure into one line and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nfa_theory.cli.outcomes import BAD_INPUT, HELD, Stopped, complain, interrupted_status
from numerics.errors import DataWarning, InputError


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
def notes_on_stderr() -> Iterator[None]:
    """Write what may not be meant to stderr, a line each and each once."""
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


def _help_for(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"'{context.command_path if context is not None else 'nfa'} --help'"
