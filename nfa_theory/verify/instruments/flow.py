"""Weights along the gradient flow of a network, integrated to twelve digits."""

from collections.abc import Sequence
from typing import Any

from numerics import MLP, Measure, simulate
from numerics.optimizers import GradientFlow

FLOW = GradientFlow(rtol=1e-13, atol=1e-15)


def weights_at(
    net: MLP, X: Any, Y: Any, start: Sequence[Any], times: Sequence[float], optimizer: Any = FLOW
) -> list[tuple[Any, ...]]:
    """Integrate from the start to each time on its own."""
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
        )
    return reached
