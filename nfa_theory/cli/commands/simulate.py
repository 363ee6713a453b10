"""`nfa simulate`: train a network and record how its features align."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nfa_theory.cli.numbers import integer, number
from nfa_theory.cli.options import (
    ActivationName,
    Data,
    Hidden,
    Parametrization,
    Quiet,
    Samples,
    Seed,
    read_data,
    read_network,
)
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import staged_file
from numerics.errors import InputError


def simulate(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the record goes (netCDF).")],
    hidden: Hidden = "256,256",
    steps: Annotated[int, typer.Option("--steps", parser=integer, metavar="N", help="Optimizer steps.")] = 500,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", parser=number, metavar="NUMBER", help="Learning rate.")
    ] = 0.1,
    activation: ActivationName = "relu",
    parametrization: Parametrization = "ntk",
    optimizer: Annotated[str, typer.Option("--optimizer", help="sgd (batches) or gd (all samples).")] = "sgd",
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", parser=integer, metavar="N", help="Samples in a batch. (default: 128)"),
    ] = None,
    loss: Annotated[str, typer.Option("--loss", help="mse, mse_mean or cross_entropy.")] = "mse",
    measure: Annotated[
        int | None,
        typer.Option("--measure", parser=integer, metavar="N", help="Measure every N steps. (default: every epoch)"),
    ] = None,
    seed: Seed = 0,
    seeds: Annotated[
        int, typer.Option("--seeds", parser=integer, metavar="N", help="Number of runs, with consecutive seeds.")
    ] = 1,
    samples: Samples = None,
    quiet: Quiet = False,
) -> None:
    """Train a network and write a record of loss, UC-NFA, C-NFA and more for every layer.

    Example: nfa simulate fashion_mnist_subset --hidden 256,256 --steps 500 --learning-rate 0.1 --out run.nc
    """
    from nfa_theory.cli.entry import interruptible
    from numerics import save_record
    from numerics import simulate as run

    if seeds < 1:
        raise InputError(f"--seeds must be at least 1, got {seeds}")
    with interruptible(out), staged_file(out) as staged, progress_bar(quiet) as show:
        loaded = read_data(data, samples)
        net = read_network(loaded, hidden, activation, parametrization)
        record = run(
            loaded.X,
            loaded.Y,
            net,
            steps=steps,
            learning_rate=learning_rate,
            optimizer=optimizer,
            batch_size=batch_size,
            loss=loss,
            seed=list(range(seed, seed + seeds)),
            measure="epoch" if measure is None else measure,
            test=None if loaded.X_test is None else (loaded.X_test, loaded.Y_test),
            progress=lambda done, total: show(done / total, "training"),
        )
        save_record(record, staged)
    if not quiet:
        typer.echo(f"{out}: {record.sizes['seed']} runs, {record.sizes['step']} measurements of each")
