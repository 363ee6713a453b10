"""Gradient flow of one network in powers of time, from its weights at initialization.

The weights are truncated power series. A forward and a backward pass in the arithmetic of such series gives the
velocity of the weights to order ``j`` from the weights to order ``j``, hence the weights to order ``j + 1``: Picard's
iteration gains one order a pass. Nothing is integrated numerically and no step is taken.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.forms.array_series import add_series, multiply_series
from nfa_theory.predict.course.activation_series import Series, compose, multiply_entries, taylor_coefficients
from nfa_theory.predict.course.softmax_series import softmax_series
from nfa_theory.predict.kernels.blocks import row_blocks
from numerics import MLP, Parameters

_NUMBERS = 2**22  # of tangent features that are kept at a time


@dataclass(frozen=True)
class Training:
    """What a network is trained on, under gradient flow on the average loss.

    Parameters
    ----------
    net : MLP
        The network.
    X, Y : (n, d) and (n, c) array
        Inputs and labels.
    loss : {"mse", "cross_entropy"}
        ``|y - f|^2 / 2`` of each sample, or softmax cross-entropy.
    shift : (n, c) array or 0
        What the function has that the network's outputs have not.
    weight_decay : float
        Rate at which weights, not biases, decay.
    """

    net: MLP
    X: Any
    Y: Any
    loss: str = "mse"
    shift: Any = 0.0
    weight_decay: float = 0.0

    def residuals(self, outputs: Series) -> Series:
        """Expand the residuals, from the series of the network's outputs."""
        function = [outputs[0] + self.shift, *outputs[1:]]
        reached = softmax_series(function) if self.loss == "cross_entropy" else function
        return [self.Y - reached[0], *(-each for each in reached[1:])]


@dataclass(frozen=True)
class NetworkSeries:
    """Weights in powers of time.

    Parameters
    ----------
    weights, biases : list of series
        By layer, the readout last; no biases or one for each layer.
    """

    weights: list[Series]
    biases: list[Series]

    @property
    def order(self) -> int:
        """Highest power of time."""
        return len(self.weights[0]) - 1

    def at(self, time: float) -> "NetworkSeries":
        """Sum the series at one time."""
        powers = time ** np.arange(self.order + 1)

        def total(series: Series) -> Series:
            return [sum(power * each for power, each in zip(powers, series, strict=True))]

        return NetworkSeries([total(each) for each in self.weights], [total(each) for each in self.biases])

    def rate(self) -> "NetworkSeries":
        """Differentiate by time."""

        def derivative(series: Series) -> Series:
            return [j * each for j, each in enumerate(series)][1:]

        return NetworkSeries([derivative(each) for each in self.weights], [derivative(each) for each in self.biases])


def expand_flow(training: Training, start: Parameters, order: int) -> NetworkSeries:
    """Expand the weights of one network along the flow."""
    series = NetworkSeries([[W] for W in start.weights], [[b] for b in start.biases])
    for j in range(order):
        moved = velocity(training, series)
        for layer in (*zip(series.weights, moved.weights, strict=True), *zip(series.biases, moved.biases, strict=True)):
            layer[0].append(layer[1][j] / (j + 1))
    return series


def forward(training: Training, series: NetworkSeries) -> tuple[list[Series], list[Series], Series]:
    """Run the network."""
    net, order = training.net, series.order
    taylor = taylor_coefficients(net.activation, order + 1)
    inputs, slopes = [[training.X]], []
    for layer, W in enumerate(series.weights):
        h = multiply_series(inputs[-1], [net.multipliers[layer] * each.T for each in W], order)
        if series.biases:
            h = add_series(h, series.biases[layer])
        if layer < net.depth:
            values = taylor(h[0])
            inputs.append(compose(values, h, order))
            slopes.append(compose([p * each for p, each in enumerate(values)][1:], h, order))
    return inputs, slopes, h


def velocity(training: Training, series: NetworkSeries) -> NetworkSeries:
    """Compute minus the gradient of the loss, at the learning rates of the parametrization."""
    net, order, n = training.net, series.order, len(training.X)
    inputs, slopes, outputs = forward(training, series)
    signal = [each / n for each in training.residuals(outputs)]
    weights: list[Series] = []
    biases: list[Series] = []
    for layer in range(net.depth, -1, -1):
        scaling = net.scaling(layer + 1)
        if series.biases:
            biases.append([scaling.learning_rate_scale * each.sum(axis=0) for each in signal])
        scaled = [scaling.multiplier * each for each in signal]
        gradient = multiply_series([each.T for each in scaled], inputs[layer], order)
        decayed = zip(gradient, series.weights[layer], strict=True)
        weights.append([scaling.learning_rate_scale * (each - training.weight_decay * W) for each, W in decayed])
        if layer:
            signal = multiply_entries(multiply_series(scaled, series.weights[layer], order), slopes[layer - 1], order)
    return NetworkSeries(weights[::-1], biases[::-1])


def ptf_covariances(training: Training, series: NetworkSeries) -> list[Series]:
    """Compute the PTF covariances of the hidden layers."""
    net, order = training.net, series.order
    _, slopes, outputs = forward(training, series)
    n, c = outputs[0].shape
    total: list[Series] = [[0.0] * (order + 1) for _ in range(net.depth)]
    for rows in row_blocks(n, max(_NUMBERS // (c * max(net.widths[1:-1]) * (order + 1)), 1)):
        size = len(outputs[0][rows])
        back = [net.multipliers[-1] * each[None] for each in series.weights[-1]]
        for layer in range(net.depth, 0, -1):
            here = [each[rows][:, None, :] for each in slopes[layer - 1]]
            D = [each.reshape(size * c, -1) for each in multiply_entries(here, back, order)]
            part = multiply_series([each.T for each in D], D, order)
            total[layer - 1] = [a + b / n for a, b in zip(total[layer - 1], part, strict=True)]
            if layer > 1:
                W = [net.multipliers[layer - 1] * each for each in series.weights[layer - 1]]
                back = [each.reshape(size, c, -1) for each in multiply_series(D, W, order)]
    return total
