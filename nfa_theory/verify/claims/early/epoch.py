"""An epoch of batches, at smaller and smaller steps."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import HIDDEN, NET, Layer
from nfa_theory.verify.rules.check import ClosedForm, Judge, Trial, at_sizes
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import Measure, simulate
from numerics.optimizers import Descent

STEPS = tuple(0.002 / 2**i for i in range(4))


def _epoch(trial: Trial, n: int, b: int) -> Judge:
    """Run an epoch of batches at smaller and smaller steps."""
    layer = Layer.draw(NET, HIDDEN, trial.rng, n)
    values = layer.values()
    epochs = [_after_epoch(layer, b, step) for step in STEPS]
    full = [-step * layer.gradient() for step in STEPS]
    ratios = [np.sum(dW * one) / np.sum(one * one) for dW, one in zip(epochs, full, strict=True)]

    def predict(closed_form: ClosedForm, eta: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "eta": eta, "b": b, "n": n})

    return order(trial, STEPS, {"dW": epochs, "full steps": ratios}, predict, {"dW": 1, "full steps": 1})


def _after_epoch(layer: Layer, b: int, step: float) -> Any:
    n, moved = len(layer.X), []
    simulate(
        layer.X,
        layer.Y,
        NET,
        learning_rate=step,
        batch_size=b,
        optimizer=Descent(sample_order=np.arange(n)[None, ::-1]),
        initial_weights=list(layer.start.weights),
        measure=Measure([n // b], observe=lambda _, step, found: moved.append(found.weights[HIDDEN - 1])),
    )
    return moved[-1] - layer.W


SIZES = ({"n": 9, "b": 3}, {"n": 8, "b": 4}, {"n": 8, "b": 2}, {"n": 6, "b": 3})
CHECKS = at_sizes("early.epoch", "batches of a tanh network", "order", _epoch, SIZES)
