"""A sketch of PTF covariances with the errors of alignments that are measured with it.

Some samples were sketched twice: the difference shows how much of a result is due to the signs. That gives the
standard error, and the bias of an alignment, whose denominator is not linear in `K`.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Float64

from numerics.backend.arrays import Array, to_host
from numerics.feature_matrices.alignments import check_alignment
from numerics.feature_matrices.average_backward import AverageBackward

GROUPS = 4
"""Samples that were sketched twice are divided into so many, to see how much the square of the noise varies."""


@dataclass(frozen=True)
class Sketch:
    """Estimated PTF covariances of all hidden layers.

    Parameters
    ----------
    outputs : array, shape (n, c)
        The network's outputs, exact.
    covariances : tuple of array, shapes (k_l, k_l)
        Unbiased estimates of `K`, float64; exact at the last hidden layer.
    repeated : tuple of array, shapes (2, q, p, k_l)
        Tangent features of q combinations, drawn twice, at p samples; the estimate sums their products over q.
    backward : AverageBackward
        What made of the error at the last hidden layer was subtracted from the estimates of the others.
    samples : int
        n.
    """

    outputs: Float[Array, "n c"]
    covariances: tuple[Float[Array, "..."], ...]
    repeated: tuple[Float[Array, "..."], ...]
    backward: AverageBackward
    samples: int

    def standard_error(self, weights: Float[Array, "k m"], layer: int, kind: str = "cosine") -> float:
        """Return the second of `errors`."""
        return self.errors(weights, layer, kind)[1]

    def bias_correction(self, weights: Float[Array, "k m"], layer: int, kind: str = "cosine") -> float:
        """Return the first of `errors`."""
        return self.errors(weights, layer, kind)[0]

    def errors(self, weights: Float[Array, "k m"], layer: int, kind: str = "cosine") -> tuple[float, float]:
        """Return what the random signs do to the alignment of ``W^T W`` and ``W^T K W``: a correction and an error.

        `weights` are those of the layer for the UC-NFA, their change since initialization for the C-NFA. The factor
        that comes first frees the alignment from its bias, to second order in the noise: with ``G' = G + N`` the
        expectation of ``<F, G'> / |G'|`` is ``<F, G> / |G|`` times ``1 - |N|^2 / 2 |G|^2 + 3 <G, N>^2 / 2 |G|^4 -
        <F, N> <G, N> / <F, G> |G|^2``, averaged over the signs. The standard error is of first order, with the largest
        term of second order; NaN where the alignment is undefined.
        """
        xp = array_namespace(weights)
        K = self.covariances[layer - 1]
        P, Q = _products(weights, K, kind)
        slope = _gradient(P, Q, K)
        if slope is None:
            return 1.0, math.nan
        length, overlap = float(xp.sum(Q * K)), float(xp.sum(P * K))
        # All from the same noises: in a network of few features the terms cancel almost.
        f, g = (to_host(xp.sum(self._group_noises[layer - 1] * A, axis=(1, 2))) for A in (P, Q))
        inner = self._inner_noises(weights, layer, kind)
        sums = np.asarray([np.trace(inner), g @ g, f @ g]) / (self.repeated[-1].shape[2] * self.samples)
        bias = 0.0
        if overlap != 0:
            bias = float(-sums[0] / (2 * length) + 1.5 * sums[1] / length**2 - sums[2] / (overlap * length))
        first = float(xp.mean(self._noise(slope, layer) ** 2)) / self.samples
        second = self._second_order(inner - np.multiply.outer(g, g) / length, length)
        # Beyond a half an expansion says nothing.
        return 1 / (1 + min(max(bias, -0.5), 0.5)), math.sqrt(first + second)

    def _noise(self, A: Array, layer: int) -> Array:
        # Values with the variance that one sample's signs give to its part of n <A, K>: differences of two draws.
        xp = array_namespace(A)
        total = 0.0
        for sign, features, form in (
            (1.0, self.repeated[layer - 1], A),
            (-1.0, self.repeated[-1], self.backward.up(A, layer)),
        ):
            D = xp.astype(features, xp.float64)
            values = xp.sum((D @ form) * D, axis=(1, 3))
            total = total + sign * (values[0, :] - values[1, :])
        return total * 0.5**0.5

    def _second_order(self, inner: Float64[np.ndarray, "g g"], length: float) -> float:
        # Where an alignment is near 1 its slope vanishes, and |N|^2 / 2 |G|^2 varies more than the linear term; N here
        # the noise orthogonal to G. With C its covariance that is tr(C^2) / 2 |G|^4, and 1 / GROUPS of it for the
        # estimate in the correction. E<N, N'>^2 = tr(C^2) for independent N and N'.
        pairs = inner[np.triu_indices(GROUPS, 1)] * GROUPS / self.repeated[-1].shape[2]
        return (1 + 1 / GROUPS) * float(np.mean(pairs**2)) / (2 * (self.samples * length) ** 2)

    def _inner_noises(self, weights: Array, layer: int, kind: str) -> Float64[np.ndarray, "g g"]:
        # Inner products of the groups' noises in n W^T K W.
        xp = array_namespace(weights)
        W, noises = xp.astype(weights, xp.float64), self._group_noises[layer - 1]
        NS = noises @ (W @ W.T)
        inner = xp.reshape(NS, (GROUPS, -1)) @ xp.reshape(xp.matrix_transpose(NS), (GROUPS, -1)).T
        if kind == "pearson":
            s = xp.sum(W, axis=1)
            entries = (noises @ s) @ s
            inner = inner - entries[:, None] * entries[None, :] / W.shape[1] ** 2
        return to_host(inner)

    @cached_property
    def _group_noises(self) -> list[Array]:
        # By layer, shape (GROUPS, k, k): what differences of two draws leave in the estimate of n K, summed over groups
        # of samples.
        xp = array_namespace(self.outputs)
        sums = []
        for features in self.repeated:
            D = xp.astype(features, xp.float64)
            rows = [xp.reshape(D[:, :, i::GROUPS, :], (2, -1, D.shape[3])) for i in range(GROUPS)]
            products = [xp.matrix_transpose(pair) @ pair for pair in rows]
            sums.append(xp.stack([(product[0, ...] - product[1, ...]) * 0.5**0.5 for product in products]))
        carried = self.backward.down(sums[-1])
        return [own - passed for own, passed in zip(sums, carried, strict=True)]


def alignment_gradient(
    weights: Float[Array, "k m"], covariance: Float[Array, "k k"], kind: str
) -> Float[Array, "k k"] | None:
    """Return the derivative of ``rho(W^T W, W^T K W)`` with respect to `K`; None where rho is undefined."""
    xp = array_namespace(weights)
    K = xp.astype(covariance, xp.float64)
    return _gradient(*_products(weights, K, kind), K)


def _gradient(P: Array, Q: Array, K: Array) -> Array | None:
    xp = array_namespace(K)
    norm_F = math.sqrt(max(float(xp.linalg.trace(P)), 0.0))
    norm_G = math.sqrt(max(float(xp.sum(Q * K)), 0.0))
    if not norm_F * norm_G > 0:
        return None
    rho = float(xp.sum(P * K)) / (norm_F * norm_G)
    return P / (norm_F * norm_G) - (rho / norm_G**2) * Q


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
