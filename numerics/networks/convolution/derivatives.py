"""Gradients of a loss and tangent features of a convolutional network; a row is a position of a sample."""

from collections.abc import Iterator

from array_api_compat import array_namespace, device
from jaxtyping import Float, Inexact

from numerics.backend.arrays import Array
from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.convolution.passes import ConvActivity
from numerics.networks.convolution.program import Convolve
from numerics.networks.parameters import Parameters


def weight_gradients(
    net: ConvNet, parameters: Parameters, activity: ConvActivity, output_gradient: Inexact[Array, "... n c"]
) -> Parameters:
    """Return the gradient of a loss with respect to every weight and bias."""
    xp, multipliers = array_namespace(output_gradient), net.multipliers
    weights: dict[int, Array] = {}
    biases: dict[int, Array] = {}

    def add(layer: int, delta: Array) -> None:
        if parameters.biases:
            biases[layer] = xp.sum(delta, axis=-2)
        weights[layer] = xp.matrix_transpose(multipliers[layer - 1] * delta) @ activity.inputs[layer - 1]

    def visit(step: Convolve, delta: Array) -> None:
        add(step.layer, xp.reshape(delta, (*delta.shape[:-3], -1, delta.shape[-1])))

    add(net.depth + 1, output_gradient)
    net.pull_back(parameters, activity, output_gradient, visit)
    return Parameters(*(tuple(parts[layer] for layer in sorted(parts)) for parts in (weights, biases)))


def tangent_features(
    net: ConvNet, parameters: Parameters, activity: ConvActivity
) -> Iterator[tuple[int, Float[Array, "r c k"]]]:
    """Yield the pre-activation tangent features of the hidden layers, from the last to the first.

    ``D[r, i, j]`` is the derivative of output i with respect to channel j of row r, samples first, then positions.
    """
    xp = array_namespace(activity.outputs)
    n, c = activity.outputs.shape
    found: dict[int, Array] = {}

    def visit(step: Convolve, delta: Array) -> None:
        found[step.layer] = xp.permute_dims(xp.reshape(delta, (c, -1, step.channels_out)), (1, 0, 2))

    each = xp.eye(c, dtype=activity.outputs.dtype, device=device(activity.outputs))
    net.pull_back(parameters, activity, xp.broadcast_to(each[:, None, :], (c, n, c)), visit)
    for layer in range(net.depth, 0, -1):
        yield layer, found[layer]


def outputs_and_ptf_sums(
    net: ConvNet, parameters: Parameters, X: Float[Array, "n d"]
) -> tuple[Float[Array, "n c"], list[Float[Array, "..."]]]:
    """Run the network on some samples; return its outputs and ``sum D^T D`` of every hidden layer over their rows."""
    activity = net.propagate(X, parameters)
    sums = []
    for _, D in tangent_features(net, parameters, activity):
        rows = array_namespace(D).reshape(D, (-1, D.shape[2]))
        sums.append(rows.T @ rows)
    return activity.outputs, sums[::-1]
