"""`nfa simulate`: train a network and record how its features align."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.completion import offer
from nfa_theory.cli.data_options import choose_data, is_file
from nfa_theory.cli.numbers import integer, number
from nfa_theory.cli.options import (
    ActivationName,
    Bias,
    CenterLabels,
    Checkpoint,
    Classes,
    Data,
    Device,
    Force,
    Hidden,
    Initialization,
    Json,
    Labels,
    Parametrization,
    Quiet,
    Samples,
    Seed,
    Standardize,
    XKey,
    YKey,
)
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import check_target, staged_file
from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    import xarray as xr

SCHEDULES = ("constant", "linear", "cosine", "step")
"""How the learning rate may change."""
KINDS = ("cosine", "pearson")
_BY_LAYER = ("uc_nfa", "c_nfa", "relative_weight_change")


def simulate(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the record goes (netCDF).")],
    labels: Labels = None,
    x_key: XKey = None,
    y_key: YKey = None,
    classes: Classes = None,
    standardize: Standardize = None,
    center_labels: CenterLabels = None,
    hidden: Hidden = "256,256",
    steps: Annotated[
        int | None, typer.Option("--steps", parser=integer, metavar="N", help="Optimizer steps. (default: 500)")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", parser=integer, metavar="N", help="Passes over the data, not steps.")
    ] = None,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", parser=number, metavar="NUMBER", help="Learning rate.")
    ] = 0.1,
    schedule: Annotated[
        str,
        typer.Option(
            "--schedule",
            metavar="NAME",
            help="How the learning rate falls: constant, linear, cosine, or step:FACTOR,SHARE of the steps.",
        ),
    ] = "constant",
    warmup: Annotated[
        float, typer.Option("--warmup", parser=number, metavar="SHARE", help="Share of the steps in which it rises.")
    ] = 0.0,
    weight_decay: Annotated[
        float, typer.Option("--weight-decay", parser=number, metavar="NUMBER", help="Penalty on squared weights.")
    ] = 0.0,
    activation: ActivationName = "relu",
    parametrization: Parametrization = "ntk",
    initialization: Initialization = None,
    bias: Bias = False,
    optimizer: Annotated[
        str,
        typer.Option(
            "--optimizer",
            metavar="NAME",
            help="sgd (batches), gd (all samples), momentum:0.9, adam, adamw, sign, muon, flow, or slo:N (favors N).",
        ),
    ] = "sgd",
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", parser=integer, metavar="N", help="Samples in a batch. (default: 128)"),
    ] = None,
    loss: Annotated[str, typer.Option("--loss", metavar="NAME", help="mse, mse_mean or cross_entropy.")] = "mse",
    alignment: Annotated[
        str,
        typer.Option("--alignment", metavar="NAME", help="cosine or pearson.", autocompletion=offer(lambda: KINDS)),
    ] = "cosine",
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
    checkpoint: Checkpoint = None,
    force: Force = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network and write a record of loss, UC-NFA, C-NFA and more for every layer."""
    from nfa_theory.cli.outcomes import interruptible
    from numerics import Measure, save_record
    from numerics import simulate as run
    from numerics.backend.devices import on_device
    from numerics.optimizers import find_optimizer

    if seeds < 1:
        raise InputError(f"--seeds must be at least 1, got {seeds}")
    if steps is not None and epochs is not None:
        raise InputError(f"give --steps or --epochs, not both, got {steps} and {epochs}")
    inputs = [] if not is_file(data) else [data, *([] if labels is None else [labels])]
    if checkpoint is not None:
        check_checkpoint(checkpoint, inputs)
        kept = f"nothing was written to {out}; the same command goes on from {checkpoint}"
    with (
        interruptible(out if checkpoint is None else kept),
        staged_file(out, replace=force, inputs=inputs) as staged,
        progress_bar(quiet) as show,
    ):
        chosen = choose_data(
            data,
            labels=labels,
            x_key=x_key,
            y_key=y_key,
            samples=samples,
            loss=loss,
            classes=classes,
            standardize=standardize,
            center_labels=center_labels,
        )
        net = chosen.network(
            hidden,
            activation=activation,
            parametrization=parametrization,
            initialization=initialization,
            bias=bias,
        )
        loaded = chosen.data
        X, Y = on_device(loaded.X, device), on_device(loaded.Y, device)
        test = None
        if loaded.X_test is not None:
            test = on_device(loaded.X_test, device), on_device(loaded.Y_test, device)
        rule: Any = find_optimizer(optimizer, net)
        record = run(
            X,
            Y,
            net,
            steps=500 if steps is None and epochs is None else steps,
            epochs=epochs,
            learning_rate=read_schedule(schedule, learning_rate, warmup),
            optimizer=replace(rule, weight_decay=weight_decay),
            batch_size=batch_size,
            loss=loss,
            seed=list(range(seed, seed + seeds)),
            measure=Measure("epoch" if measure is None else measure, kind=alignment, test=test, checkpoint=checkpoint),
            progress=lambda done, total: show(done / total, "training"),
            **chosen.options,
        )
        save_record(record, staged)
    if json_:
        typer.echo(json.dumps(_summary(record, out), indent=2))
    elif not quiet:
        typer.echo(_text(record, out))


def read_schedule(text: str, peak: float, warmup: float) -> Any:
    """Read how the learning rate changes with the step."""
    from numerics.optimizers.learning_rates import cosine_decay, linear_decay, step_decay

    name, _, numbers = text.partition(":")
    if name not in SCHEDULES:
        raise InputError(unknown("schedule", name, SCHEDULES))
    if name == "step":
        try:
            factor, every = map(float, numbers.split(","))
        except ValueError:
            raise InputError(f"--schedule step needs a factor and a share, as in step:0.1,0.5, got {text!r}") from None
        if warmup:
            raise InputError(f"--warmup is for the schedules linear, cosine and constant, got {warmup} with {text!r}")
        return step_decay(peak, factor, every)
    if numbers:
        raise InputError(f"--schedule {name} takes no number, got {text!r}")
    if name == "constant" and not warmup:
        return peak
    return (
        cosine_decay(peak, 0.0, warmup)
        if name == "cosine"
        else linear_decay(peak, peak if name == "constant" else 0.0, warmup)
    )


def check_checkpoint(path: Path, inputs: list[str]) -> None:
    """Refuse a checkpoint that is an input or no file of its own; reading it shows of which run it is."""
    check_target(path, replace=True, inputs=inputs)


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
