"""What the runs of a sweep compute: a function of the user's, called once a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr

from nfa_theory.sweeps.grid import Settings
from numerics.errors import InputError

Made = xr.Dataset | Exception
"""What comes of a run: a record, or why there is none."""


class Work(Protocol):
    """Computes runs; it travels to the workers."""

    @property
    def device(self) -> str:
        """``"gpu"`` if each worker needs a card."""

    def together(self, settings: Settings) -> str:
        """Return a text that is the same for runs which may be computed side by side."""

    def cost(self, settings: Settings) -> float:
        """Return how long a run takes beside the others."""

    def prepare(self, settings: Settings) -> None:
        """Do what a process does once for all runs like this one, such as reading data."""

    def compute(self, runs: Sequence[Settings]) -> Iterator[tuple[int, Made]]:
        """Yield the number of each run and what came of it."""


@dataclass(frozen=True)
class FunctionWork:
    """A function that is called with the settings of a run as keywords.

    Parameters
    ----------
    function : callable
        Returns a data set of xarray, or a mapping of names to numbers and arrays.
    device : str
        ``"gpu"`` if it needs a card.
    """

    function: Callable[..., Any]
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not callable(self.function) or not hasattr(self.function, "__qualname__"):
            raise InputError(f"a sweep needs a plan or a function, got {self.function!r}")
        if "<lambda>" in self.function.__qualname__:
            raise InputError(
                "the function of a sweep must have a name, by which its runs are found again, got a lambda"
            )

    @property
    def name(self) -> str:
        """Where the function is defined, and how it is called there."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    def together(self, settings: Settings) -> str:
        """Compute every run alone; what a function takes is not known here."""
        return ""

    def cost(self, settings: Settings) -> float:
        """Take all runs as equally long."""
        return 1.0

    def prepare(self, settings: Settings) -> None:
        """Do nothing: what a function needs is not known here."""

    def compute(self, runs: Sequence[Settings]) -> Iterator[tuple[int, Made]]:
        """Call the function for each run."""
        for i, settings in enumerate(runs):
            arguments = {key: value for key, value in settings.items() if key != "function"}
            try:
                yield i, as_record(self.function(**arguments))
            except Exception as error:  # whatever it is, the other runs go on
                yield i, error


def as_record(result: Any) -> xr.Dataset:
    """Return what a function returned as a data set.

    Examples
    --------
    >>> as_record({"loss": 0.5, "spectrum": [1.0, 2.0]})["spectrum"].dims
    ('spectrum_0',)
    """
    if isinstance(result, xr.Dataset):
        return result
    if isinstance(result, Mapping):
        return xr.Dataset({str(name): _variable(str(name), value) for name, value in result.items()})
    raise InputError(
        "the function of a sweep must return an xarray.Dataset or a mapping of names to arrays, got "
        f"{type(result).__name__}"
    )


def _variable(name: str, value: Any) -> Any:
    if isinstance(value, xr.DataArray | xr.Variable):
        return value
    array = np.asarray(value)
    return xr.Variable([f"{name}_{i}" for i in range(array.ndim)], array)
