"""Feature matrices of a layer: NFM, AGOP, PTF covariance, pre-activation tangent kernel; plain and centered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace, device
from jaxtyping import Float

from numerics.backend.arrays import Array, as_floating, require_finite
from numerics.backend.chunks import sample_chunks
from numerics.data.conversion import as_array
from numerics.data.prepare import as_rows
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.networks.backpropagation import tangent_features
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters, require_finite_parameters
from numerics.networks.scale_check import note_foreign_scale


@dataclass(frozen=True)
class Features:
    """The feature matrices of one layer.

    Parameters
    ----------
    layer : int
        1 is the first layer, depth + 1 the readout.
    nfm : array, shape (m, m)
        Neural feature matrix ``F = W^T W`` of the raw weights (without the parametrization's multiplier).
    agop : array, shape (m, m)
        Average gradient outer product ``G = (1/n) sum_mu J_mu^T J_mu`` with respect to the layer's input.
    ptf_covariance : array, shape (k, k)
        ``K = (1/n) sum_mu D_mu^T D_mu``.
    """

    layer: int
    nfm: Float[Array, "m m"]
    agop: Float[Array, "m m"]
    ptf_covariance: Float[Array, "k k"]

    def __repr__(self) -> str:
        m, k = self.nfm.shape[0], self.ptf_covariance.shape[0]
        return f"Features(layer={self.layer}, nfm {m} x {m}, agop {m} x {m}, ptf_covariance {k} x {k})"


def features(X: Any, net: Network, weights: Any, layer: int = 1) -> Features:
    """Measure the feature matrices of one layer from their definitions.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs, one sample a row.
    net : MLP or ConvNet
        The network.
    weights : Parameters or sequence of array
        One matrix (fan_out, fan_in) a layer, the readout included.
    layer : int
        1, ..., depth + 1.

    Returns
    -------
    Features

    Raises
    ------
    InputError
        If shapes do not fit or `X` is not finite.

    Notes
    -----
    Definitions of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), as averages over samples. The AGOP is summed
    from the input Jacobians, not from ``W^T K W``, so that the identity between them can be tested.

    Examples
    --------
    >>> import numpy as np
    >>> from numerics import MLP
    >>> net = MLP(widths=(3, 8, 2))
    >>> weights = net.initialize(np.random.default_rng(0))
    >>> features(np.eye(3), net, weights, layer=1)
    Features(layer=1, nfm 3 x 3, agop 3 x 3, ptf_covariance 8 x 8)
    """
    X, parameters = _check(X, net, weights)
    require_finite_parameters("weights", parameters)
    note_foreign_scale(net, parameters)
    net.check_layer(layer)
    W = parameters.weights[layer - 1]
    m = net.scaling(layer).multiplier
    G: Any = 0.0
    K: Any = 0.0
    for D in _chunks_of(X, net, parameters, layer):
        J = D @ (m * W)
        G = G + J.T @ J
        K = K + D.T @ D
    n = X.shape[0]
    return Features(layer, neural_feature_matrix(W), G / n, K / n)


def neural_feature_matrix(weights: Float[Array, "k m"]) -> Float[Array, "m m"]:
    """Return the neural feature matrix (NFM) ``F = W^T W``.

    Parameters
    ----------
    weights : array, shape (k, m)
        Weights of one layer.

    Returns
    -------
    array, shape (m, m)
    """
    return weights.T @ weights


def centered_nfm(weights: Float[Array, "k m"], initial_weights: Float[Array, "k m"]) -> Float[Array, "m m"]:
    """Return the centered NFM ``F_c = dW^T dW`` with ``dW = W - W(0)``.

    Parameters
    ----------
    weights, initial_weights : array, shape (k, m)
        Weights of one layer, now and at initialization.

    Returns
    -------
    array, shape (m, m)
    """
    return neural_feature_matrix(weights - initial_weights)


def centered_agop(
    weights: Float[Array, "k m"], initial_weights: Float[Array, "k m"], ptf_covariance: Float[Array, "k k"]
) -> Float[Array, "m m"]:
    """Return the centered AGOP ``G_c = dW^T K dW`` with ``dW = W - W(0)`` and the current PTF covariance.

    Parameters
    ----------
    weights, initial_weights : array, shape (k, m)
        Weights of one layer, now and at initialization.
    ptf_covariance : array, shape (k, k)
        `K` at the current weights.

    Returns
    -------
    array, shape (m, m)
        In units of the raw weights: the square of the parametrization's multiplier is left out, as it cancels in
        every alignment.
    """
    dW = weights - initial_weights
    return dW.T @ ptf_covariance @ dW


def ptf_covariances(X: Any, net: Network, weights: Any) -> tuple[Float[Array, "..."], ...]:
    """Measure the PTF covariances of all hidden layers in one pass over the data.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs.
    net : MLP or ConvNet
        The network.
    weights : Parameters or sequence of array
        One matrix a layer, the readout included.

    Returns
    -------
    tuple of array, shapes (k_l, k_l)
        `K` of layers 1, ..., depth, summed over chunks in float64 and returned in float64.
    """
    X, parameters = _check(X, net, weights)
    return outputs_and_ptf_covariances(X, net, parameters)[1]


def pre_activation_tangent_kernel(X: Any, net: Network, weights: Any, layer: int = 1) -> Float[Array, "n c n c"]:
    """Measure the pre-activation tangent kernel (PTK) ``kappa_{mu nu} = D_mu D_nu^T`` of a hidden layer.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs; the result has (n c)^2 entries.
    net : MLP or ConvNet
        The network.
    weights : Parameters or sequence of array
        One matrix a layer, the readout included.
    layer : int
        1, ..., depth + 1.

    Returns
    -------
    array, shape (n, c, n, c)
    """
    X, parameters = _check(X, net, weights)
    net.check_layer(layer)
    xp = array_namespace(X)
    c = net.outputs

    def row(D: Array) -> Array:
        return xp.concat([D @ other.T for other in _chunks_of(X, net, parameters, layer)], axis=1)

    kappa = xp.concat([row(D) for D in _chunks_of(X, net, parameters, layer)], axis=0)
    return xp.reshape(kappa, (-1, c, kappa.shape[0] // c, c))


def _check(X: Any, net: Network, weights: Any) -> tuple[Array, Parameters]:
    X = as_floating("X", as_rows("X", as_array("X", X)))
    parameters = net.parameters(weights, X)
    net.check_inputs(X)
    require_finite("X", X)
    return X, parameters


def _chunks_of(X: Array, net: Network, parameters: Parameters, layer: int) -> Iterator[Float[Array, "nc k"]]:
    # The PTFs of one layer, chunk by chunk, samples and outputs in one axis.
    xp = array_namespace(X)
    identity = xp.eye(net.outputs, dtype=X.dtype, device=device(X))
    for chunk in sample_chunks(X, net, net.outputs):
        if layer == net.depth + 1:
            yield xp.tile(identity, (chunk.shape[0], 1))
            continue
        activity = net.forward(chunk, parameters)
        D = next(D for at, D in tangent_features(net, parameters, activity) if at == layer)
        yield xp.reshape(D, (-1, D.shape[2]))
