"""Backpropagation by hand: gradients of a loss, and tangent features of the outputs."""

from collections.abc import Iterator
from typing import Any

from array_api_compat import array_namespace
from jaxtyping import Float, Inexact

from numerics.backend.arrays import Array
from numerics.networks.convolution import derivatives
from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.mlp import MLP, Activity
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters


def weight_gradients(
    net: Network, parameters: Parameters, activity: Any, output_gradient: Inexact[Array, "... n c"]
) -> Parameters:
    """Return the gradient of a loss with respect to every weight and bias, for one network or several side by side.

    `activity` is the forward pass at these parameters. The arrays are new, so that the caller may change them.
    """
    if isinstance(net, ConvNet):
        return derivatives.weight_gradients(net, parameters, activity, output_gradient)
    return _dense_gradients(net, parameters, activity, output_gradient)


def _dense_gradients(net: MLP, parameters: Parameters, activity: Activity, output_gradient: Array) -> Parameters:
    xp = array_namespace(output_gradient)
    delta, weights, biases = output_gradient, [], []
    for layer in range(net.depth + 1, 0, -1):
        multiplier = net.multipliers[layer - 1]
        if parameters.biases:
            biases.append(xp.sum(delta, axis=-2))
        # The multiplier goes to the small factor of both products.
        scaled = delta if multiplier == 1.0 else multiplier * delta
        weights.append(xp.matrix_transpose(scaled) @ activity.inputs[layer - 1])
        if layer > 1:
            W = parameters.weights[layer - 1]
            # A product over one output is elementwise, and NumPy's matmul is slow at it.
            delta = scaled * W if W.shape[-2] == 1 else scaled @ W
            delta *= net.activation.derivative(activity.preactivations[layer - 2])
    return Parameters(tuple(reversed(weights)), tuple(reversed(biases)))


def tangent_features(
    net: Network, parameters: Parameters, activity: Any
) -> Iterator[tuple[int, Float[Array, "r c k"]]]:
    """Yield the pre-activation tangent features (PTF) of the hidden layers, from the last to the first.

    ``D[r, i, j]`` is the derivative of output i with respect to pre-activation j of the layer at row r: a sample, or a
    position of a sample in a convolutional network.
    """
    if isinstance(net, ConvNet):
        yield from derivatives.tangent_features(net, parameters, activity)
    else:
        yield from _dense_features(net, parameters, activity)


def _dense_features(
    net: MLP, parameters: Parameters, activity: Activity
) -> Iterator[tuple[int, Float[Array, "n c k"]]]:
    xp = array_namespace(activity.outputs)
    n, c = activity.outputs.shape
    back = net.scaling(net.depth + 1).multiplier * parameters.weights[-1][None, :, :]
    for layer in range(net.depth, 0, -1):
        slope = net.activation.derivative(activity.preactivations[layer - 1])
        D = slope[:, None, :] * back
        yield layer, D
        if layer > 1:
            # One large product instead of n small ones.
            rows = xp.reshape(D, (n * c, net.widths[layer]))
            back = net.scaling(layer).multiplier * (rows @ parameters.weights[layer - 1])
            back = xp.reshape(back, (n, c, net.widths[layer - 1]))
