"""An epoch of batches, at smaller and smaller steps."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import HIDDEN, NET, Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import simulate

STEPS = tuple(0.002 / 2**i for i in range(4))


BATCH = 3


def _epoch(trial: Trial) -> Judge:
    """Run an epoch of three batches at smaller and smaller steps."""
    layer = Layer.draw(NET, HIDDEN, trial.rng)
    n, values = len(layer.X), layer.values()
    epochs = [_after_epoch(layer, step) for step in STEPS]
    full = [-step * layer.gradient() for step in STEPS]
    ratios = [np.sum(dW * one) / np.sum(one * one) for dW, one in zip(epochs, full, strict=True)]

    def predict(closed_form: ClosedForm, eta: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "eta": eta, "b": BATCH, "n": n})

    return order(trial, STEPS, {"dW": epochs, "full steps": ratios}, predict, {"dW": 1, "full steps": 1})


def _after_epoch(layer: Layer, step: float) -> Any:
    n, moved = len(layer.X), []
    simulate(
        layer.X,
        layer.Y,
        NET,
        learning_rate=step,
        batch_size=BATCH,
        sample_order=np.arange(n)[None, ::-1],
        initial_weights=list(layer.start.weights),
        measure=[n // BATCH],
        observe=lambda seed, number, parameters: moved.append(parameters.weights[HIDDEN - 1]),
    )
    return moved[-1] - layer.W


CHECKS = (Check("early.epoch", "three batches of a tanh network", "order", _epoch),)
