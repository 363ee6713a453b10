"""Errors that are the caller's to mend: each message says what was expected and what came."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """An argument does not meet its requirement; the command line prints the message and exits with 2."""


class DivergenceError(InputError):
    """Training left the finite numbers; the message names the step, the loss and the learning rate."""


MOST_NAMES = 20
"""A message lists at most so many names."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown and offer the nearest one."""
    known = tuple(known)
    lower = {each.lower(): each for each in reversed(known)}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    if near:
        hint = f"did you mean {lower[near[0]]!r}?"
    elif len(known) > MOST_NAMES:
        hint = f"expected one of {len(known)} names, such as {', '.join(known[:3])}"
    else:
        hint = "expected one of " + ", ".join(known)
    return f"unknown {kind} {name!r}; {hint}"


class DataWarning(UserWarning):
    """Data are taken as they are, but perhaps not as they are meant; the text says how to change it.

    ``warnings.filterwarnings("ignore", category=nfa.DataWarning)`` silences all of them.
    """
