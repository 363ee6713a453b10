"""Weights along the gradient flow of a network, integrated to twelve digits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from numerics import MLP, ConvNet, Measure, simulate
from numerics.optimizers import GradientFlow

FLOW = GradientFlow(rtol=1e-13, atol=1e-15)


def weights_at(
    net: MLP | ConvNet,
    X: Any,
    Y: Any,
    start: Sequence[Any],
    times: Sequence[float],
    optimizer: Any = FLOW,
    **options: Any,
) -> list[tuple[Any, ...]]:
    """Integrate from the start to each time on its own, with further options of `simulate`."""
    reached: list[tuple[Any, ...]] = []
    for time in times:
        simulate(
            X,
            Y,
            net,
            steps=1,
            learning_rate=time,
            optimizer=optimizer,
            initial_weights=list(start),
            measure=Measure(1, observe=lambda _, step, found: reached.append(found.weights) if step else None),
            **options,
        )
    return reached


def readouts_at(layer: Layer, times: Sequence[float], Y: Any, loss: str = "mse") -> list[Any]:
    """Integrate the flow of the readout to increasing times."""
    moved: list[Any] = []
    simulate(
        layer.X,
        Y,
        layer.net,
        steps=len(times),
        learning_rate=np.diff([0.0, *times]),
        loss=loss,
        optimizer=replace(FLOW, layer_rates=(0.0, 1.0)),
        initial_weights=list(layer.start.weights),
        measure=Measure(1, observe=lambda seed, step, parameters: moved.append(parameters.weights[1])),
    )
    return moved[1:]
