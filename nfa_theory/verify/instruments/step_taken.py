"""One step of an optimizer, taken by the simulator."""

from typing import Any

from nfa_theory.verify.instruments.one_layer import Layer
from numerics import Measure, simulate
from numerics.networks.parameters import Parameters
from numerics.optimizers import Optimizer


def change_of_a_step(layer: Layer, optimizer: Optimizer) -> Any:
    """Train a layer's network for one step on all its samples; return the change of its weights over the rate."""
    seen: dict[int, Parameters] = {}
    rate = 2.0**-10
    simulate(
        layer.X,
        layer.Y,
        layer.net,
        steps=1,
        learning_rate=rate,
        batch_size=len(layer.X),
        optimizer=optimizer,
        initial_weights=layer.start.weights,
        measure=Measure(1, observe=lambda _seed, step, weights: seen.update({step: weights})),
        center_labels=False,
        standardize="none",
    )
    return (seen[1].weights[layer.layer - 1] - layer.W) / rate
