"""UC-NFA and C-NFA, layer by layer, through training on a named set of images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import by_seed
from nfa_theory.experiments.experiment import Experiment
from nfa_theory.experiments.pieces import Pieces
from nfa_theory.experiments.verdict import Part, Verdict
from numerics.data import load_dataset
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.training.measure import Measure
from numerics.training.simulation import initial_parameters, simulate


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
) -> xr.Dataset:
    """Train with plain SGD in batches of 128 and measure at steps 0, 1, 2, 4, 8, ... and at the end."""
    images = load_dataset(data, train=train, dtype="float32")
    net = MLP((images.X.shape[1], *[width] * depth, images.Y.shape[1]), parametrization="pytorch")
    steps = epochs * -(-len(images.X) // 128)
    starts = [initial_parameters(net, seed, np.float32).weights for seed in seeds]
    pieces.expect(1)
    return pieces.record(
        f"plain SGD on {data}",
        partial(
            simulate,
            images.X,
            images.Y,
            net,
            steps=steps,
            learning_rate=learning_rate,
            seed=list(seeds),
            initial_weights=Parameters(
                tuple(np.float32(initial_scale) * np.stack(Ws) for Ws in zip(*starts, strict=True))
            ),
            measure=Measure(
                powers_of_two(steps),
                combinations=combinations,
                test=None if images.X_test is None else (images.X_test, images.Y_test),
            ),
        ),
    )


def powers_of_two(last: int) -> list[int]:
    """Return 1, 2, 4, 8, ... and the last step.

    Examples
    --------
    >>> powers_of_two(10)
    [1, 2, 4, 8, 10]
    """
    return sorted({*(2**i for i in range(last.bit_length())), last})


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the C-NFA exceeds the UC-NFA after the first step and after training."""
    gap = record.c_nfa - record.uc_nfa
    steps = record.step.values[[1, -1]].tolist()
    layers = record.layer.values.tolist()
    return Verdict(
        [
            Part(f"C-NFA exceeds UC-NFA in layer {layer} after step {step}", by_seed(gap, layer=layer, step=step), 0.0)
            for step in steps
            for layer in layers
        ]
    )


EXPERIMENT = Experiment(
    name="through_training",
    title="Alignment through training",
    claim="In every hidden layer the change of the weights is better aligned than the weights: C-NFA exceeds UC-NFA, "
    "after the first step and after training.",
    measure=measure,
    judge=judge,
    figures=("nfa_theory.figures.alignment:alignment_figure",),
    quick={"train": 300, "depth": 3, "width": 64, "epochs": 4, "seeds": (0, 1, 2)},
    source="Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271)",
)
