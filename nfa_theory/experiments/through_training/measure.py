"""UC-NFA and C-NFA, layer by layer, through training on a named set of images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import along_seeds, in_every_layer
from nfa_theory.experiments.frame.training import on_images, scaled_start, test_set
from nfa_theory.statistics.seeds import summary
from nfa_theory.statistics.verdict import Verdict
from numerics.training.measure import Measure
from numerics.training.simulation import simulate


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = None,
    depth: int = 5,
    width: int = 256,
    epochs: int = 20,
    learning_rate: float = 0.3,
    initial_scale: float = 1.0,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    combinations: int | None = None,
    batch_size: int | None = None,
    steps: int | None = None,
    decades: bool = False,
) -> xr.Dataset:
    """Train with plain SGD in batches of 128 and measure at steps 0, 1, 2, 4, 8, ... and at the end.

    Notes
    -----
    `batch_size` takes the place of 128, `steps` that of whole epochs; with `decades` the run is measured at 1, 2, 4, 7
    times the powers of ten. Where there are several processes each trains seeds of its own, with the same result.
    """
    images, net = on_images(data, train, depth, width, parametrization="pytorch")
    steps = epochs * -(-len(images.X) // (batch_size or 128)) if steps is None else steps
    run = partial(
        simulate,
        images.X,
        images.Y,
        net,
        steps=steps,
        learning_rate=learning_rate,
        batch_size=batch_size,
        measure=Measure(
            four_a_decade(steps) if decades else powers_of_two(steps),
            combinations=combinations,
            test=test_set(images),
        ),
    )
    makes = {}
    for group in [[seed] for seed in seeds] if pieces.apart else [list(seeds)]:
        start = scaled_start(net, group, initial_scale, np.float32)
        name = f", seed {group[0]}" if pieces.apart else ""
        makes[f"training networks on {data}{name}"] = partial(run, seed=group, initial_weights=start)
    return along_seeds(pieces.records(makes))


def powers_of_two(last: int) -> list[int]:
    """Return 1, 2, 4, 8, ... and the last step.

    Examples
    --------
    >>> powers_of_two(10)
    [1, 2, 4, 8, 10]
    """
    return sorted({*(2**i for i in range(last.bit_length())), last})


def four_a_decade(last: int) -> list[int]:
    """Return 0, then four steps per factor of ten, and the last.

    Examples
    --------
    >>> four_a_decade(1500)
    [0, 1, 2, 4, 7, 10, 20, 40, 70, 100, 200, 400, 700, 1000, 1500]
    """
    steps = {0, last} | {m * 10**k for k in range(len(str(last))) for m in (1, 2, 4, 7)}
    return sorted(step for step in steps if step <= last)


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the C-NFA exceeds the UC-NFA after the first step and after training."""
    gap = record.c_nfa - record.uc_nfa
    text = "C-NFA exceeds UC-NFA in layer {{layer}} after step {step}"
    steps = record.step.values[[1, -1]].tolist()
    return Verdict([part for step in steps for part in in_every_layer(text.format(step=step), gap, 0.0, step=step)])


def numbers(record: xr.Dataset) -> dict[str, Any]:
    """Summarize what training did: loss and accuracy at the end, alignments at the start, early and at the end."""
    options = json.loads(record.attrs["options"])
    by_layer = record.drop_vars("epoch")
    first, last = by_layer.isel(step=1), by_layer.isel(step=-1)
    moments = {
        "uc_nfa_initial": by_layer["uc_nfa"].isel(step=0),
        "uc_nfa_final": last["uc_nfa"],
        "c_nfa_first": first["c_nfa"],
        "c_nfa_final": last["c_nfa"],
        "relative_weight_change": last["relative_weight_change"],
    }
    scores = [name for name in ("loss", "test_loss", "accuracy", "test_accuracy") if name in record]
    return {
        "network": f"A ReLU network of {options['depth']} hidden layers of width {options['width']}",
        "seeds": record["seed"].values.tolist(),
        "steps": int(record["step"].values[-1]),
        "epochs": float(record["epoch"].values[-1]),
        "first_step": int(first["step"]),
        **{name: summary(last[name].values) for name in scores},
        "layers": [
            {"layer": layer, **{name: summary(each.sel(layer=layer).values) for name, each in moments.items()}}
            for layer in record["layer"].values.tolist()
        ],
    }


EXPERIMENT = Experiment(
    title="Alignment through training",
    claim="In every hidden layer the change of the weights is better aligned than the weights: C-NFA exceeds UC-NFA, "
    "after the first step and after training.",
    measure=measure,
    judge=judge,
    quick={"train": 300, "depth": 3, "width": 64, "epochs": 4, "seeds": (0, 1, 2)},
    numbers=numbers,
)
