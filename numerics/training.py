"""One training run: gradient descent step by step, measured on the way."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float64

from numerics.arrays import Array, to_host
from numerics.backpropagation import weight_gradients
from numerics.errors import DivergenceError
from numerics.chunks import sample_chunks
from numerics.covariances import outputs_and_ptf_covariances
from numerics.losses import Loss
from numerics.measurements import measure_layer
from numerics.network import MLP
from numerics.parameters import Parameters
from numerics.sampling import Batch
from numerics.training_data import Samples

DIVERGED = 1e6
"""A run has diverged when the loss of a batch exceeds that of the first batch by this factor, or is not finite."""

_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Run:
    """What a training run needs besides its initial weights and its order of samples.

    Parameters
    ----------
    net : MLP
        The network.
    train : Samples
        Training data.
    test : Samples, optional
        Test data.
    loss : Loss
        The loss.
    alignment : str
        The alignment measure.
    rates : numpy.ndarray, shape (steps,)
        Learning rate of each step.
    measured : list of int
        After how many steps to measure, increasing.
    """

    net: MLP
    train: Samples
    test: Samples | None
    loss: Loss
    alignment: str
    rates: Float64[np.ndarray, " steps"]
    measured: list[int]


def train(
    run: Run, initial: Parameters, batches: Iterable[Batch], after_step: Callable[[], None]
) -> dict[str, Float64[np.ndarray, "..."]]:
    """Train by gradient descent on the given batches and measure.

    Parameters
    ----------
    run : Run
        What to train on, how, and when to measure.
    initial : Parameters
        Initial weights and biases, in the namespace of the training data.
    batches : iterable of numpy.ndarray
        Sample numbers of each step; at least as many as there are learning rates.
    after_step : callable
        Called after every step.

    Returns
    -------
    dict of str to numpy.ndarray
        The variables of a record, the measured step first.

    Raises
    ------
    DivergenceError
        If the loss of a batch is not finite or exceeds the first by a factor of `DIVERGED`.
    """
    offset = _Offset(run, initial)
    wanted, rows = set(run.measured), []
    parameters = initial
    if 0 in wanted:
        rows.append(_measure(run, parameters, initial, offset))
    first = math.nan
    with np.errstate(all="ignore"):  # overflow is answered by the check for divergence, in words
        for step, (rate, batch) in enumerate(zip(run.rates, batches, strict=False), start=1):
            value, gradients = _loss_and_gradients(run, parameters, batch, offset)
            first = value if step == 1 else first
            if not value <= DIVERGED * max(first, _TINY):
                raise DivergenceError(_diverged(step, value, first, rate))
            parameters = _descend(run.net, parameters, gradients, float(rate))
            after_step()
            if step in wanted:
                rows.append(_measure(run, parameters, initial, offset))
                if not math.isfinite(rows[-1]["loss"]):
                    raise DivergenceError(_diverged(step, rows[-1]["loss"], first, rate))
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


class _Offset:
    """The initial function where the network subtracts it, else nothing."""

    def __init__(self, run: Run, initial: Parameters) -> None:
        self._outputs = {}
        if run.net.zero_initial_function:
            for samples in filter(None, (run.train, run.test)):
                self._outputs[id(samples)] = _outputs(run.net, samples.X, initial)

    def subtract(self, outputs: Array, samples: Samples, batch: Array | None = None) -> Array:
        """Return the network's function from the outputs of its forward pass on all samples or on a batch."""
        initial = self._outputs.get(id(samples))
        if initial is None:
            return outputs
        return outputs - (initial if batch is None else _take(initial, batch))


def _loss_and_gradients(run: Run, parameters: Parameters, batch: Batch, offset: _Offset) -> tuple[float, Parameters]:
    X, Y = _take(run.train.X, batch), _take(run.train.Y, batch)
    activity = run.net.forward(X, parameters)
    f = offset.subtract(activity.outputs, run.train, batch)
    return run.loss.value(f, Y), weight_gradients(run.net, parameters, activity, run.loss.gradient(f, Y))


def _descend(net: MLP, parameters: Parameters, gradients: Parameters, rate: float) -> Parameters:
    scales = [rate * net.scaling(layer).learning_rate_scale for layer in range(1, net.depth + 2)]
    weights = tuple(W - s * g for W, g, s in zip(parameters.weights, gradients.weights, scales, strict=True))
    if not net.bias:
        return Parameters(weights)
    biases = zip(parameters.biases, gradients.biases, scales, strict=True)
    return Parameters(weights, tuple(b - s * g for b, g, s in biases))


def _measure(run: Run, parameters: Parameters, initial: Parameters, offset: _Offset) -> dict[str, Any]:
    outputs, covariances = outputs_and_ptf_covariances(run.train.X, run.net, parameters)
    f = offset.subtract(outputs, run.train)
    layers = [
        measure_layer(W, W0, K, run.alignment)
        for W, W0, K in zip(parameters.weights, initial.weights, covariances, strict=False)
    ]
    row: dict[str, Any] = {
        name: np.asarray([getattr(layer, name) for layer in layers])
        for name in ("uc_nfa", "c_nfa", "relative_weight_change", "decomposition")
    }
    row["loss"] = run.loss.value(f, run.train.Y)
    if run.train.classification:
        row["accuracy"] = _accuracy(f, run.train.Y)
    if run.test is not None:
        f = offset.subtract(_outputs(run.net, run.test.X, parameters), run.test)
        row["test_loss"] = run.loss.value(f, run.test.Y)
        if run.train.classification and run.test.classification:
            row["test_accuracy"] = _accuracy(f, run.test.Y)
    return row


def _outputs(net: MLP, X: Array, parameters: Parameters) -> Array:
    chunks = [net.forward(chunk, parameters).outputs for chunk in sample_chunks(X, net)]
    return array_namespace(X).concat(chunks, axis=0)


def _accuracy(f: Array, Y: Array) -> float:
    xp = array_namespace(f)
    hits = xp.argmax(f, axis=1) == xp.argmax(Y, axis=1)
    return float(np.mean(to_host(hits)))


def _take(array: Array, rows: Array) -> Array:
    xp = array_namespace(array)
    return xp.take(array, xp.asarray(rows, device=device(array)), axis=0)


def _diverged(step: int, value: float, first: float, rate: float) -> str:
    return (
        f"training diverged at step {step}: loss {value:.4g} after {first:.4g} at the first step, "
        f"with learning_rate {rate:g}; a smaller learning_rate is needed"
    )
