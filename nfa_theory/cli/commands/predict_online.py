"""`nfa predict-online`: alignments and loss through one-pass SGD, from weights and a teacher or from their overlaps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.course import read_times
from nfa_theory.cli.numbers import count, integer, number
from nfa_theory.cli.options import Json
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.predict import OnlinePrediction

READOUTS = ("readout", "teacher_readout")


def predict_online(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A .npz file with W (k, d), teacher (m, d), readout (k), teacher_readout (m); or overlaps for the "
            "first two, and perhaps eigenvalues and shares.",
        ),
    ],
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", parser=number, metavar="NUMBER", help="Step size, of order one.")
    ],
    times: Annotated[str, typer.Option("--times", metavar="T1,T2,...", help="Steps over the dimension of the inputs.")],
    activation: Annotated[
        str,
        typer.Option("--activation", metavar="NAME", help="erf (of z over the root of 2), quadratic, relu, linear."),
    ] = "erf",
    batch_size: Annotated[
        int, typer.Option("--batch-size", parser=integer, metavar="N", help="Samples in a step.")
    ] = 1,
    label_noise: Annotated[
        float, typer.Option("--label-noise", parser=number, metavar="NUMBER", help="Its standard deviation.")
    ] = 0.0,
    readout_learning_rate: Annotated[
        float,
        typer.Option("--readout-learning-rate", parser=number, metavar="NUMBER", help="Steps of the readout, times d."),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option("--seed", parser=count, metavar="N", help="Of the averages that ReLU needs.")
    ] = 0,
    json_: Json = False,
) -> None:
    """Predict UC-NFA, C-NFA and loss of a committee machine through one-pass SGD with finite steps and batches."""
    from nfa_theory.predict import predict_online as predict

    start = _read(file)
    found = predict(
        **start,
        activation=activation,
        learning_rate=learning_rate,
        times=read_times(times),
        batch_size=batch_size,
        label_noise=label_noise,
        readout_learning_rate=readout_learning_rate,
        seed=seed,
    )
    typer.echo(json.dumps(_as_json(found), indent=2) if json_ else _as_text(Path(file).stem, found))


def _read(file: str) -> dict[str, Any]:
    """Read what the prediction starts from."""
    import numpy as np

    from nfa_theory.predict import overlaps_of

    try:
        with np.load(file, allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{file} must be a .npz file of numbers that can be read: {error}") from None
    lacking = [name for name in READOUTS if name not in held]
    if lacking or not ("overlaps" in held or {"W", "teacher"} <= set(held)):
        raise InputError(
            f"{file} must hold {', '.join(READOUTS)}, and overlaps or both W and teacher, "
            f"got {', '.join(held) or 'none'}"
        )
    overlaps = held["overlaps"] if "overlaps" in held else overlaps_of(held["W"], held["teacher"])
    spectrum = {name: held[name] for name in ("eigenvalues", "shares") if name in held}
    return {"overlaps": overlaps, **{name: held[name] for name in READOUTS}, **spectrum}


def _as_json(found: OnlinePrediction) -> dict[str, Any]:
    names = ("times", "uc_nfa", "c_nfa", "loss", "overlaps", "readout")
    return {
        **{name: getattr(found, name).tolist() for name in names},
        "errors": {k: v.tolist() for k, v in found.errors.items()},
    }


def _as_text(name: str, found: OnlinePrediction) -> str:
    """Write a line for each time."""
    lines = [f"{name}: one-pass SGD in high dimension, time is steps over dimension"]
    for i, time in enumerate(found.times):
        curves = {"UC-NFA": "uc_nfa", "C-NFA": "c_nfa", "loss": "loss"}
        shown = []
        for label, key in curves.items():
            error = found.errors[key][i]
            shown.append(f"{label} {getattr(found, key)[i]:.4f}" + (f" +- {error:.4f}" if error else ""))
        lines.append(f"  t = {time:<8.4g} " + "   ".join(shown))
    return "\n".join(lines)
