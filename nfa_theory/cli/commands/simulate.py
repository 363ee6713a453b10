"""`nfa simulate`: train a network and record how its features align."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.numbers import integer, number
from nfa_theory.cli.options import (
    ActivationName,
    Data,
    Device,
    Hidden,
    Json,
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

if TYPE_CHECKING:
    import xarray as xr

_BY_LAYER = ("uc_nfa", "c_nfa", "relative_weight_change")


def simulate(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the record goes (netCDF).")],
    hidden: Hidden = "256,256",
    steps: Annotated[int, typer.Option("--steps", parser=integer, metavar="N", help="Optimizer steps.")] = 500,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", parser=number, metavar="NUMBER", help="Learning rate.")
    ] = 0.1,
    activation: ActivationName = "relu",
    parametrization: Parametrization = "ntk",
    optimizer: Annotated[
        str,
        typer.Option(
            "--optimizer",
            metavar="NAME",
            help="sgd (batches), gd (all samples), momentum:0.9, adam, flow, or slo:N (favors layer N).",
        ),
    ] = "sgd",
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", parser=integer, metavar="N", help="Samples in a batch. (default: 128)"),
    ] = None,
    loss: Annotated[str, typer.Option("--loss", metavar="NAME", help="mse, mse_mean or cross_entropy.")] = "mse",
    measure: Annotated[
        int | None,
        typer.Option("--measure", parser=integer, metavar="N", help="Measure every N steps. (default: every epoch)"),
    ] = None,
    seed: Seed = 0,
    seeds: Annotated[
        int, typer.Option("--seeds", parser=integer, metavar="N", help="Number of runs, with consecutive seeds.")
    ] = 1,
    samples: Samples = None,
    device: Device = "cpu",
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network and write a record of loss, UC-NFA, C-NFA and more for every layer."""
    from nfa_theory.cli.entry import interruptible
    from numerics import Measure, save_record
    from numerics import simulate as run
    from numerics.backend.devices import on_device

    if seeds < 1:
        raise InputError(f"--seeds must be at least 1, got {seeds}")
    with interruptible(out), staged_file(out) as staged, progress_bar(quiet) as show:
        loaded = read_data(data, samples)
        net = read_network(loaded, hidden, activation, parametrization)
        X, Y = on_device(loaded.X, device), on_device(loaded.Y, device)
        test = None
        if loaded.X_test is not None:
            test = on_device(loaded.X_test, device), on_device(loaded.Y_test, device)
        record = run(
            X,
            Y,
            net,
            steps=steps,
            learning_rate=learning_rate,
            optimizer=optimizer,
            batch_size=batch_size,
            loss=loss,
            seed=list(range(seed, seed + seeds)),
            measure=Measure("epoch" if measure is None else measure, test=test),
            progress=lambda done, total: show(done / total, "training"),
        )
        save_record(record, staged)
    if json_:
        typer.echo(json.dumps(_summary(record, out), indent=2))
    elif not quiet:
        typer.echo(_text(record, out))


def _summary(record: xr.Dataset, out: Path) -> dict[str, Any]:
    """Tell where the record is, what was asked for, and where training ended: means over seeds."""
    last = record.isel(step=-1).mean("seed", skipna=False)
    scalars = [name for name in ("loss", "accuracy", "test_loss", "test_accuracy") if name in last]
    return {
        "record": str(out),
        "config": json.loads(record.attrs["config"]),
        "seeds": record["seed"].values.tolist(),
        "measurements": record.sizes["step"],
        "last_step": int(record["step"].values[-1]),
        **{name: float(last[name]) for name in scalars},
        **{name: [value if value == value else None for value in last[name].values.tolist()] for name in _BY_LAYER},
    }


def _text(record: xr.Dataset, out: Path) -> str:
    """Show the layers before and after training, means over seeds."""
    first, last = (record.isel(step=i).mean("seed", skipna=False) for i in (0, -1))
    runs, measurements = record.sizes["seed"], record.sizes["step"]
    head = f"{out}: {runs} {'run' if runs == 1 else 'runs'}, {measurements} measurements of each"
    rows = (
        f"layer {layer}: UC-NFA {before:.3f} -> {after:.3f}, C-NFA {centered:.3f} at step {int(last.step)}"
        for layer, before, after, centered in zip(
            record["layer"].values, first.uc_nfa.values, last.uc_nfa.values, last.c_nfa.values, strict=True
        )
    )
    return "\n".join((head, *rows))
