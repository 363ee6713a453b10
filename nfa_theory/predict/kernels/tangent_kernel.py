"""Kernels of an infinitely wide network with their scale: NNGP and NTK, as the literature defines them.

An alignment has no scale, so that the rest of this package keeps tangent kernels in units of their own.
"""

from typing import Any, NamedTuple

from nfa_theory.predict.kernels.wide_network import WideNetwork
from numerics import MLP


class WideKernels(NamedTuple):
    """Kernels between all pairs of samples.

    Parameters
    ----------
    grams : tuple of (n, n) array
        ``Sigma^(0), ..., Sigma^(depth - 1)``: what every hidden layer takes in, over the fan-in.
    tangents : tuple of (n, n) array
        Tangent kernels ``kappa^(l)`` of the pre-activations of the hidden layers, the same for every output.
    outputs : (n, n) array
        Covariance of the function at initialization, the NNGP kernel.
    ntk : (n, n) array
        Neural tangent kernel where all weights and biases are trained in the NTK parametrization.
    """

    grams: tuple[Any, ...]
    tangents: tuple[Any, ...]
    outputs: Any
    ntk: Any


def wide_kernels(X: Any, net: MLP) -> WideKernels:
    """Compute the kernels of a network in the limit of infinite width.

    Parameters
    ----------
    X : (n, d) array
        Inputs, floating point.
    net : MLP
        Its depth, activation and variances count.

    Returns
    -------
    WideKernels
        The NTK is the sum over layers of the tangent kernel times the covariance of the pre-activations: the
        derivative by a weight is a tangent feature times an input times the standard deviation of the weight, and a
        bias has an input of 1 (Jacot, Gabriel and Hongler, arXiv 1806.07572).

    Raises
    ------
    InputError
        As for `WideNetwork`.

    Examples
    --------
    >>> import numpy as np
    >>> wide_kernels(np.eye(2), MLP((2, 8, 1), "linear")).ntk
    array([[1., 0.],
           [0., 1.]])
    """
    network = WideNetwork(X, net)
    outputs = network.output_covariance()
    grams, tangents, ntk, scale = [], [], outputs.copy(), 1.0
    for layer, S, kappa, unit in network.layers():
        scale *= unit * net.weight_variance(layer + 1)
        grams.append(S.copy())
        tangents.append(scale * kappa)
        ntk += tangents[-1] * (net.weight_variance(layer) * S + net.bias_variance(layer))
    return WideKernels(tuple(grams[::-1]), tuple(tangents[::-1]), outputs, ntk)
