"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nfa_theory.cli.completion import complete_activation, complete_data, complete_parametrization, offer
from nfa_theory.cli.numbers import count, integer, networks

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A named data set, or a file with X (n, d) and Y (n, c): .npz, .npy, .csv, netCDF, zarr, parquet.",
        autocompletion=complete_data,
    ),
]
Labels = Annotated[str | None, typer.Option("--labels", metavar="FILE", help="Labels in a file of their own.")]
XKey = Annotated[str | None, typer.Option("--x-key", metavar="NAME", help="Array or columns of the inputs.")]
YKey = Annotated[str | None, typer.Option("--y-key", metavar="NAME", help="Array or columns of the labels.")]
Classes = Annotated[
    bool | None,
    typer.Option("--classes/--no-classes", help="Labels are classes, or numbers. (default: numbers, unless text)"),
]
Standardize = Annotated[
    str | None,
    typer.Option(
        "--standardize",
        metavar="NAME",
        help="none, columns, pixels (over 255) or unit_sphere; of named images channel, none, unit_sphere.",
    ),
]
CenterLabels = Annotated[
    bool | None,
    typer.Option("--center-labels/--no-center-labels", help="Subtract the mean. (default: only of classes)"),
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
Initialization = Annotated[
    str | None,
    typer.Option(
        "--initialization", metavar="NAME", help="gaussian, uniform, orthogonal or signs. (default: of the scaling)"
    ),
]
Bias = Annotated[bool, typer.Option("--bias", metavar="", help="Layers have biases.")]
Samples = Annotated[
    int | None,
    typer.Option(
        "--samples",
        parser=integer,
        metavar="N",
        help="Take only N training samples; of a file, drawn at random, always the same. (default: all)",
    ),
]
Networks = Annotated[
    int | None,
    typer.Option(
        "--networks",
        parser=networks,
        metavar="N",
        help="Random networks for mean and spread; 0: the limit alone. (default: 32; with --times 16, in muP what "
        "16384 neurons make)",
    ),
]
Seed = Annotated[int, typer.Option("--seed", parser=count, metavar="N", help="All random numbers follow from it.")]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="cpu, or gpu (an NVIDIA card, through CuPy: the extra 'gpu').",
        autocompletion=offer(lambda: ("cpu", "gpu")),
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Keep the state here; the same command goes on from it, and one with more --steps extends it.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Compute on the workers of a Dask scheduler, tcp://HOST:8786 or tls://...",
    ),
]
Force = Annotated[bool, typer.Option("--force", metavar="", help="Replace results that exist.")]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON, and nothing else, on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="No progress and no summary.")]
