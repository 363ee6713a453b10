"""PTF covariances from random combinations of the outputs: unbiased, c times less work, with a standard error.

With v of independent random signs, ``E[(D_mu^T v)(D_mu^T v)^T] = D_mu^T D_mu``. Each sample gets its own v. Some
samples get two more, whose difference shows how much of the result is due to the signs: that gives the standard error,
and the bias of an alignment, whose denominator is not linear in `K`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.alignments import check_alignment
from numerics.arrays import Array, like
from numerics.chunks import sample_chunks
from numerics.covariances import backward_sweep, effective_weights, zero_covariances
from numerics.network import MLP
from numerics.parameters import Parameters

PAIRS = 512
"""About so many samples are sketched twice more for the standard error."""


@dataclass(frozen=True)
class Sketch:
    """Estimated PTF covariances of all hidden layers.

    Parameters
    ----------
    outputs : array, shape (n, c)
        The network's outputs, exact.
    covariances : tuple of array, shapes (k_l, k_l)
        Unbiased estimates of `K`, float64.
    pairs : tuple of array, shapes (2, p, k_l)
        Tangent features of two independent combinations at p samples.
    terms : int
        Samples times combinations of each.
    """

    outputs: Float[Array, "n c"]
    covariances: tuple[Float[Array, "..."], ...]
    pairs: tuple[Float[Array, "..."], ...]
    terms: int

    def standard_error(self, weights: Float[Array, "k m"], layer: int, kind: str = "cosine") -> float:
        """Return the standard error, due to the random signs, of the alignment of ``W^T W`` and ``W^T K W``.

        Parameters
        ----------
        weights : array, shape (k, m)
            Weights of the layer for the UC-NFA, or their change since initialization for the C-NFA.
        layer : int
            1, ..., depth.
        kind : str
            ``"cosine"`` or ``"pearson"``.

        Returns
        -------
        float
            To first order in the error of `K`; NaN where the alignment is undefined.
        """
        slope = alignment_gradient(weights, self.covariances[layer - 1], kind)
        if slope is None:
            return math.nan
        xp = array_namespace(slope)
        D = xp.astype(self.pairs[layer - 1], xp.float64)
        u = xp.sum((D @ slope) * D, axis=2)
        variance = float(xp.mean((u[0, :] - u[1, :]) ** 2)) / 2
        return math.sqrt(variance / self.terms)

    def bias_correction(self, weights: Float[Array, "k m"], layer: int, kind: str = "cosine") -> float:
        """Return the factor that frees an alignment with ``W^T K W`` from its bias, to second order in the noise.

        Parameters
        ----------
        weights, layer, kind
            As in `standard_error`.

        Returns
        -------
        float
            With ``G' = G + N`` the expectation of ``<F, G'> / |G'|`` is ``<F, G> / |G|`` times
            ``1 - |N|^2 / 2 |G|^2 + 3 <G, N>^2 / 2 |G|^4 - <F, N> <G, N> / <F, G> |G|^2``, averaged over the signs.
        """
        xp = array_namespace(weights)
        K = self.covariances[layer - 1]
        P, Q = _products(weights, K, kind)
        length, overlap = float(xp.sum(Q * K)), float(xp.sum(P * K))
        if not length > 0 or overlap == 0:
            return 1.0
        D, W = xp.astype(self.pairs[layer - 1], xp.float64), xp.astype(weights, xp.float64)
        f, g = (_half_difference(xp.sum((D @ A) * D, axis=2)) for A in (P, Q))
        mean = [float(xp.mean(part)) / self.terms for part in (_square_noise(D, W, kind), g * g, f * g)]
        bias = -mean[0] / (2 * length) + 1.5 * mean[1] / length**2 - mean[2] / (overlap * length)
        return 1 / (1 + min(max(bias, -0.5), 0.5))  # beyond a half an expansion says nothing


def sketch(
    X: Float[Array, "n d"], net: MLP, parameters: Parameters, rng: np.random.Generator, combinations: int = 1
) -> Sketch:
    """Estimate the PTF covariances of all hidden layers.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs, checked already.
    net : MLP
        The network.
    parameters : Parameters
        Weights and biases, checked already.
    rng : numpy.random.Generator
        Source of the signs, drawn on the host.
    combinations : int
        Random combinations of the outputs for each sample.

    Returns
    -------
    Sketch
    """
    xp = array_namespace(X)
    weights, totals = effective_weights(net, parameters), zero_covariances(X, net)
    stride = max(1, X.shape[0] // PAIRS)
    outputs: list[Array] = []
    pairs: list[list[Array]] = [[] for _ in totals]
    for chunk in sample_chunks(X, net, combinations):
        activity = net.propagate(chunk, parameters)
        outputs.append(activity.outputs)
        slopes = [net.activation.derivative(h) for h in activity.preactivations]
        for layer, D in backward_sweep(weights, slopes, _combine(weights[-1], chunk, rng, combinations)):
            rows = xp.reshape(D, (-1, D.shape[2]))
            totals[layer - 1] += rows.T @ rows
        some = [slope[::stride, :] for slope in slopes]
        for layer, D in backward_sweep(weights, some, _combine(weights[-1], some[0], rng, 2)):
            pairs[layer - 1].append(D)
    terms = X.shape[0] * combinations
    return Sketch(
        xp.concat(outputs, axis=0),
        tuple(total / terms for total in totals),
        tuple(xp.concat(parts, axis=1) for parts in pairs),
        terms,
    )


def alignment_gradient(
    weights: Float[Array, "k m"], covariance: Float[Array, "k k"], kind: str
) -> Float[Array, "k k"] | None:
    """Return the derivative of ``rho(W^T W, W^T K W)`` with respect to `K`; None where rho is undefined.

    Parameters
    ----------
    weights : array, shape (k, m)
        `W`.
    covariance : array, shape (k, k)
        `K`.
    kind : str
        ``"cosine"`` or ``"pearson"``.

    Returns
    -------
    array, shape (k, k), or None
    """
    xp = array_namespace(weights)
    K = xp.astype(covariance, xp.float64)
    P, Q = _products(weights, K, kind)
    norm_F = math.sqrt(max(float(xp.linalg.trace(P)), 0.0))
    norm_G = math.sqrt(max(float(xp.sum(Q * K)), 0.0))
    if not norm_F * norm_G > 0:
        return None
    rho = float(xp.sum(P * K)) / (norm_F * norm_G)
    return P / (norm_F * norm_G) - (rho / norm_G**2) * Q


def _combine(readout: Array, samples: Array, rng: np.random.Generator, combinations: int) -> Any:
    # Derivatives of random combinations of the outputs with respect to the last activations, shape (q, b, k).
    signs = 2.0 * rng.integers(0, 2, size=(combinations, samples.shape[0], readout.shape[0]), dtype=np.int8) - 1.0
    return like(signs, samples) @ readout


def _products(weights: Array, K: Array, kind: str) -> tuple[Array, Array]:
    # W F W^T and W G W^T of F = W^T W and G = W^T K W, for Pearson's alignment with their mean entries subtracted; the
    # inner products with G are then <F, G> = tr(W F W^T K) and |G|^2 = tr(W G W^T K), and |F|^2 = tr(W F W^T).
    xp = array_namespace(weights)
    W = xp.astype(weights, xp.float64)
    S = W @ W.T
    if check_alignment(kind) == "cosine":
        return S @ S, S @ K @ S
    s = xp.sum(W, axis=1)
    ones = s[:, None] * s[None, :] / W.shape[1] ** 2
    return S @ S - float(s @ s) * ones, S @ K @ S - float(s @ K @ s) * ones


def _half_difference(values: Array) -> Array:
    # Its square has the variance of either of a pair as its mean.
    return (values[0, :] - values[1, :]) * 0.5**0.5


def _square_noise(D: Array, W: Array, kind: str) -> Array:
    # Half the square distance of a pair's estimates z z^T of one sample's part of G, z = W^T d.
    xp = array_namespace(D)
    DS = D @ (W @ W.T)
    squares, product = xp.sum(DS * D, axis=2), xp.sum(DS[0, ...] * D[1, ...], axis=1)
    noise = (squares[0, :] ** 2 + squares[1, :] ** 2) / 2 - product**2
    if kind == "cosine":
        return noise
    return noise - _half_difference((D @ xp.sum(W, axis=1)) ** 2) ** 2 / W.shape[1] ** 2
