"""PTF covariances of all hidden layers in one backward sweep, chunk by chunk, in a memory that does not grow with n."""

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace, device
from jaxtyping import Float

from numerics.allocation import keep_freed_memory
from numerics.arrays import Array
from numerics.chunks import sample_chunks
from numerics.network import MLP
from numerics.parameters import Parameters


def outputs_and_ptf_covariances(
    X: Float[Array, "n d"], net: MLP, parameters: Parameters
) -> tuple[Float[Array, "n c"], tuple[Float[Array, "..."], ...]]:
    """Run the network once over the data for both its outputs and the PTF covariances of all hidden layers.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs, checked already.
    net : MLP
        The network.
    parameters : Parameters
        Weights and biases, checked already.

    Returns
    -------
    outputs : array, shape (n, c)
        The function ``g`` of the network, nothing subtracted.
    covariances : tuple of array, shapes (k_l, k_l)
        `K` of layers 1, ..., depth, summed over chunks in float64 and returned in float64.
    """
    keep_freed_memory()
    xp = array_namespace(X)
    weights = effective_weights(net, parameters)
    totals = zero_covariances(X, net)
    readout_square = weights[-1].T @ weights[-1]
    outputs = []
    for chunk in sample_chunks(X, net):
        activity = net.forward(chunk, parameters)
        outputs.append(activity.outputs)
        slopes = [net.activation.derivative(h) for h in activity.preactivations]
        # At the last hidden layer D_mu = A diag(slope_mu), so that the sum is elementwise in A^T A: c times less work.
        totals[-1] += readout_square * (slopes[-1].T @ slopes[-1])
        for layer, D in backward_sweep(weights, slopes, weights[-1][:, None, :]):
            if layer < net.depth:
                rows = xp.reshape(D, (-1, D.shape[2]))
                totals[layer - 1] += rows.T @ rows
    return xp.concat(outputs, axis=0), tuple(total / X.shape[0] for total in totals)


def backward_sweep(
    weights: Sequence[Float[Array, "..."]], slopes: Sequence[Float[Array, "..."]], top: Float[Array, "q b_or_1 k"]
) -> Iterator[tuple[int, Float[Array, "q b k"]]]:
    """Yield the tangent features of q combinations of the outputs, from the last hidden layer to the first.

    Parameters
    ----------
    weights : sequence of array
        Effective weights of every layer, the readout last.
    slopes : sequence of array, shapes (b, k_l)
        ``phi'`` at the pre-activations of every hidden layer.
    top : array, shape (q, 1, k) or (q, b, k)
        Derivative of the combinations with respect to the last hidden layer's activations, for all samples or sample
        by sample.

    Yields
    ------
    layer : int
        depth, ..., 1.
    D : array, shape (q, b, k_l)
        Combinations before samples: so the slopes of a layer multiply contiguous blocks.
    """
    xp = array_namespace(top)
    if len(slopes) == 1 and top.shape[1] == 1:
        return  # the caller of a network with one hidden layer needs no tangent features at all
    D = slopes[-1][None, :, :] * top
    yield len(slopes), D
    for layer in range(len(slopes) - 1, 0, -1):
        W = weights[layer]
        # One large product instead of many small ones; its result is this function's own, hence changed in place.
        D = xp.reshape(xp.reshape(D, (-1, W.shape[0])) @ W, (*D.shape[:2], W.shape[1]))
        D *= slopes[layer - 1][None, :, :]
        yield layer, D


def effective_weights(net: MLP, parameters: Parameters) -> list[Float[Array, "..."]]:
    """Return ``multiplier * W`` of every layer."""
    return [multiplier * W for multiplier, W in zip(net.multipliers, parameters.weights, strict=True)]


def zero_covariances(X: Float[Array, "n d"], net: MLP) -> list[Float[Array, "..."]]:
    """Return float64 zeros of the shape of every hidden layer's PTF covariance, where `X` lives."""
    xp = array_namespace(X)
    return [xp.zeros((k, k), dtype=xp.float64, device=device(X)) for k in net.widths[1:-1]]
