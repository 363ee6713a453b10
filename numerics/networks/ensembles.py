"""Several networks side by side in one array, so that they share the cost of every call."""

from collections.abc import Sequence

from array_api_compat import array_namespace

from numerics.networks.network import Network
from numerics.networks.parameters import Parameters

GROUP_BYTES = 8 * 2**20
"""Networks are trained side by side as long as what a step touches fits in this much, about a cache."""


def group_size(net: Network, rows: int, itemsize: int) -> int:
    """Return how many networks are worth training side by side: at least 1, large ones gain nothing from company."""
    weights = sum(fan_out * fan_in for fan_out, fan_in in net.weight_shapes)
    numbers = 2 * weights + rows * (net.sizes[0] + 3 * sum(net.sizes[1:]))
    return max(1, GROUP_BYTES // (itemsize * numbers))


def stack(networks: Sequence[Parameters]) -> Parameters:
    """Put networks side by side in new arrays."""
    xp = array_namespace(networks[0].weights[0])
    return Parameters(
        tuple(xp.stack(arrays) for arrays in zip(*(one.weights for one in networks), strict=True)),
        tuple(xp.stack(arrays) for arrays in zip(*(one.biases for one in networks), strict=True)),
    )


def member(networks: Parameters, number: int) -> Parameters:
    """Return one of several networks, as views where the namespace has them."""
    return Parameters(tuple(W[number, ...] for W in networks.weights), tuple(b[number, ...] for b in networks.biases))


def copy(network: Parameters) -> Parameters:
    """Return parameters in memory of their own."""
    return Parameters(*(tuple(array_namespace(A).asarray(A, copy=True) for A in group) for group in network))
