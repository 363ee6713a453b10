"""PTF covariances of all hidden layers in one backward sweep, chunk by chunk, in a memory that does not grow with n."""

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace, device
from jaxtyping import Float

from numerics.backend.allocation import keep_freed_memory
from numerics.backend.arrays import Array
from numerics.backend.chunks import sample_blocks, sample_chunks
from numerics.backend.worker_threads import process_in_order
from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.convolution.derivatives import outputs_and_ptf_sums
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters


def outputs_and_ptf_covariances(
    X: Float[Array, "n d"], net: Network, parameters: Parameters
) -> tuple[Float[Array, "n c"], tuple[Float[Array, "..."], ...]]:
    """Run the network once over the data for both its outputs and the PTF covariances of all hidden layers.

    Arguments are checked already. Nothing is subtracted from the outputs; `K` is summed over chunks in float64.
    """
    keep_freed_memory()
    if isinstance(net, ConvNet):
        return _of_convolutions(X, net, parameters)
    xp = array_namespace(X)
    effective = effective_parameters(net, parameters)
    weights = effective.weights
    totals = zero_covariances(X, net)
    outputs: list[Array] = []

    def measure(chunk: Array) -> tuple[Array, list[Array]]:
        activity = net.propagate(chunk, effective, (1.0,) * len(weights))
        slopes = [net.activation.derivative(h) for h in activity.preactivations]
        return activity.outputs, [
            *feature_products(weights, slopes, weights[-1][:, None, :], net.depth - 1),
            last_feature_product(weights, slopes),
        ]

    def take(result: tuple[Array, list[Array]]) -> None:
        outputs.append(result[0])
        for total, product in zip(totals, result[1], strict=True):
            total += product

    process_in_order(measure, sample_chunks(X, net), take, xp)
    return xp.concat(outputs, axis=0), tuple(total / X.shape[0] for total in totals)


def _of_convolutions(
    X: Float[Array, "n d"], net: ConvNet, parameters: Parameters
) -> tuple[Float[Array, "n c"], tuple[Float[Array, "..."], ...]]:
    xp, totals, outputs = array_namespace(X), zero_covariances(X, net), list[Array]()

    def take(result: tuple[Array, list[Array]]) -> None:
        outputs.append(result[0])
        for total, part in zip(totals, result[1], strict=True):
            total += part

    process_in_order(
        lambda chunk: outputs_and_ptf_sums(net, parameters, chunk), sample_chunks(X, net, net.outputs), take, xp
    )
    return xp.concat(outputs, axis=0), tuple(total / X.shape[0] for total in totals)


def last_feature_product(weights: Sequence[Float[Array, "..."]], slopes: Sequence[Float[Array, "..."]]) -> Array:
    """Return the sum over samples of ``D_mu^T D_mu`` at the last hidden layer, exactly and for all outputs.

    There ``D_mu = A diag(slope_mu)``, so that the sum is elementwise in ``A^T A``: c times less work.
    """
    return (weights[-1].T @ weights[-1]) * (slopes[-1].T @ slopes[-1])


def feature_products(
    weights: Sequence[Float[Array, "..."]],
    slopes: Sequence[Float[Array, "..."]],
    top: Float[Array, "q b_or_1 k"],
    layers: int,
) -> list[Float[Array, "..."]]:
    """Return the sums of ``d d^T`` over the tangent features d of all combinations and samples, block by block.

    For the first `layers` hidden layers; the other arguments are those of `backward_sweep`.
    """
    xp = array_namespace(top)
    sums: list[Array] = []
    if layers < 1:  # a network with one hidden layer needs no tangent features at all
        return sums
    for rows in sample_blocks(slopes, top.shape[0]):
        block = [slope[rows, :] for slope in slopes]
        features = backward_sweep(weights, block, top if top.shape[1] == 1 else top[:, rows, :])
        flat = (xp.reshape(D, (-1, D.shape[2])) for layer, D in features if layer <= layers)
        products = [D.T @ D for D in flat]
        if not sums:
            sums = products
            continue
        for total, product in zip(sums, products, strict=True):
            total += product
    return sums[::-1]


def backward_sweep(
    weights: Sequence[Float[Array, "..."]], slopes: Sequence[Float[Array, "..."]], top: Float[Array, "q b_or_1 k"]
) -> Iterator[tuple[int, Float[Array, "q b k"]]]:
    """Yield the tangent features of q combinations of the outputs, from the last hidden layer to the first.

    From effective weights (multipliers included), slopes ``phi'`` (b, k_l) of every hidden layer, and the derivative
    `top` of the combinations by the last activations, one for all samples or one each. Combinations come before
    samples in the result: so the slopes of a layer multiply contiguous blocks.
    """
    xp = array_namespace(top)
    D = slopes[-1][None, :, :] * top
    yield len(slopes), D
    for layer in range(len(slopes) - 1, 0, -1):
        W = weights[layer]
        # One large product instead of many small ones; its result is this function's own, hence changed in place.
        D = xp.reshape(xp.reshape(D, (-1, W.shape[0])) @ W, (*D.shape[:2], W.shape[1]))
        D *= slopes[layer - 1][None, :, :]
        yield layer, D


def effective_parameters(net: Network, parameters: Parameters) -> Parameters:
    """Return ``multiplier * W`` of every layer, and the biases: a network whose multipliers are 1."""
    pairs = zip(net.multipliers, parameters.weights, strict=True)
    return Parameters(tuple(multiplier * W for multiplier, W in pairs), parameters.biases)


def zero_covariances(X: Float[Array, "n d"], net: Network) -> list[Float[Array, "..."]]:
    """Return float64 zeros of the shape of every hidden layer's PTF covariance, where `X` lives."""
    xp = array_namespace(X)
    return [xp.zeros((k, k), dtype=xp.float64, device=device(X)) for k in net.hidden_units]
