"""Run-time check of array shapes and dtypes alone: the rest is mypy's, and bad values must reach our errors."""

import types
import typing

import jaxtyping
from beartype import beartype


def check_shapes(function):
    """Let beartype see only the annotations that speak of arrays."""
    hints = {name: hint for name, hint in function.__annotations__.items() if _speaks_of_arrays(hint)}
    if not hints:
        return function
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    copy.__annotations__ = hints
    return beartype(copy)


def _speaks_of_arrays(hint):
    if isinstance(hint, type) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    return any(map(_speaks_of_arrays, typing.get_args(hint)))
