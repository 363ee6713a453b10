"""Arguments and options that several commands share, and how their text is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nfa_theory.cli.completion import complete_activation, complete_data, complete_parametrization
from nfa_theory.cli.numbers import integer
from numerics import MLP
from numerics.data import DataSet, StoredData, load_dataset, open_stored, read_arrays
from numerics.errors import InputError

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A named data set; or a file with X (n, d) and Y (n, c): .npz.",
        autocompletion=complete_data,
    ),
]
Hidden = Annotated[str, typer.Option("--hidden", metavar="W1,W2,...", help="Widths of the hidden layers.")]
ActivationName = Annotated[
    str,
    typer.Option(
        "--activation",
        metavar="NAME",
        help="Activation: relu, erf, quadratic, tanh, ...",
        autocompletion=complete_activation,
    ),
]
Parametrization = Annotated[
    str,
    typer.Option(
        "--parametrization",
        metavar="NAME",
        help="ntk, he, lecun, pytorch or mup.",
        autocompletion=complete_parametrization,
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(
        "--samples",
        parser=integer,
        metavar="N",
        help="Take only N training samples of a named data set. (default: all)",
    ),
]
Seed = Annotated[int, typer.Option("--seed", parser=integer, metavar="N", help="All random numbers follow from it.")]
Device = Annotated[
    str, typer.Option("--device", metavar="NAME", help="cpu, or gpu (an NVIDIA card, through CuPy: the extra 'gpu').")
]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON, and nothing else, on stdout.")]
STORED = (".npy", ".nc", ".nc4", ".h5", ".hdf5", ".zarr")
"""Data that `read_rows` leaves on disk."""
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="No progress and no summary.")]


def read_widths(text: str) -> tuple[int, ...]:
    """Read the widths of the hidden layers.

    Examples
    --------
    >>> read_widths("256, 128")
    (256, 128)
    """
    try:
        widths = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InputError(f"hidden widths must be positive integers with commas between, got {text!r}") from None
    if min(widths) < 1:
        raise InputError(f"hidden widths must be positive integers, got {min(widths)}")
    return widths


def read_data(name: str, samples: int | None = None) -> DataSet:
    """Load the data that a command is about."""
    if samples is not None and samples < 2:
        raise InputError(f"--samples must be at least 2, got {samples}")
    if not (name.endswith(".npz") or Path(name).exists()):
        return load_dataset(name, train=samples)
    if samples is not None:
        raise InputError(f"--samples is for named data sets, got the file {name!r}")
    return read_arrays(name)


def read_rows(name: str, labels: str | None, samples: int | None) -> DataSet | StoredData:
    """Load or open the data of a command that can leave the inputs on disk."""
    if Path(name).suffix in STORED or labels is not None:
        if samples is not None:
            raise InputError(f"--samples is for named data sets, got the file {name!r}")
        return open_stored(name, labels)
    return read_data(name, samples)


def read_network(data: DataSet | StoredData, hidden: str, activation: str, parametrization: str) -> MLP:
    """Build the network that fits the data."""
    widths = (data.X.shape[1], *read_widths(hidden), data.Y.shape[1])
    return MLP(widths, activation=activation, parametrization=parametrization)
