"""Kernels of an infinitely wide network with their scale: NNGP and NTK, as the literature defines them.

An alignment has no scale, so that the rest of this package keeps tangent kernels in units of their own.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.kernels.blocks import for_each_upper_block, write_symmetric
from nfa_theory.predict.problem.checks import check_dense
from numerics import MLP
from numerics.backend.arrays import require_finite
from numerics.data.conversion import as_array
from numerics.data.prepare import as_rows


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

    grams: tuple[Float[np.ndarray, "n n"], ...]
    tangents: tuple[Float[np.ndarray, "n n"], ...]
    outputs: Float[np.ndarray, "n n"]
    ntk: Float[np.ndarray, "n n"]


def wide_kernels(X: Any, net: MLP) -> WideKernels:
    """Compute the kernels of a network in the limit of infinite width.

    Parameters
    ----------
    X : array_like, (n, d)
        Inputs. float32 is computed in float32, anything else in float64.
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
        The inputs do not fit the network or are not finite, or as for `PairKernels`.

    Examples
    --------
    >>> wide_kernels(np.eye(2), MLP((2, 8, 1), "linear")).ntk
    array([[1., 0.],
           [0., 1.]])
    """
    check_dense("wide_kernels", net)
    X = np.asarray(as_rows("X", as_array("X", X)))
    X = X.astype(np.float32 if X.dtype == np.float32 else np.float64, copy=False)
    net.check_inputs(X)
    require_finite("X", X)
    kernels, depth, n = PairKernels(X, net), net.depth, len(X)
    grams, tangents = (np.empty((depth, n, n), X.dtype) for _ in range(2))
    outputs = np.empty((n, n), X.dtype)

    def fill(rows: slice, columns: slice) -> None:
        S, kappa = kernels.all_layers(rows, columns)
        outputs_here = kernels.function_covariance(S[-1], depth, rows, columns)
        for whole, block in zip((*grams, *tangents, outputs), (*S, *kappa, outputs_here), strict=True):
            write_symmetric(whole, rows, columns, block)

    for_each_upper_block(n, fill)
    ntk, scale = outputs.copy(), 1.0
    for layer in range(depth, 0, -1):
        scale *= kernels.slope_units[layer - 1] * net.weight_variance(layer + 1)
        tangents[layer - 1] *= X.dtype.type(scale)
        ntk += tangents[layer - 1] * (net.weight_variance(layer) * grams[layer - 1] + net.bias_variance(layer))
    return WideKernels(tuple(grams), tuple(tangents), outputs, ntk)
