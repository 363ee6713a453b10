"""UC-NFA, C-NFA and the decomposition of one layer, computed on its units.

With ``W = W(0) + dW`` every inner product that an alignment needs is a trace of k x k matrices: for
``F_ab = W_a^T W_b``, ``G_cd = W_c^T K W_d`` and ``S_ab = W_a W_b^T`` (a, b in {0: W(0), 1: dW}),
``<F_ab, G_cd> = tr(S_db S_ac K)``. The m x m matrices, m the number of inputs, are formed only where they are smaller.
"""

import math
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Float64

from numerics.backend.arrays import Array, to_host
from numerics.feature_matrices.alignments import check_alignment

TERMS = ("initial", "cross", "centered")
"""Terms of the decomposition: of ``W(0)`` alone, mixed (both orders together), of ``dW`` alone."""

Host = Float64[np.ndarray, "..."]


class LayerMeasurement(NamedTuple):
    """The alignments of one layer.

    Parameters
    ----------
    uc_nfa : float
        ``rho(F, G)``.
    c_nfa : float
        ``rho(F_c, G_c)``; NaN while the weights have not moved.
    relative_weight_change : float
        ``|W - W(0)|_F / |W|_F``.
    decomposition : numpy.ndarray, shape (3, 3)
        Share of each pair of an NFM term (row) and an AGOP term (column) in the UC-NFA, in the order of `TERMS`:
        ``<F_i, G_j> / (|F| |G|)``. The nine shares sum to the UC-NFA.
    """

    uc_nfa: float
    c_nfa: float
    relative_weight_change: float
    decomposition: Float64[np.ndarray, "3 3"]


def measure_layer(
    weights: Float[Array, "k m"],
    initial_weights: Float[Array, "k m"],
    ptf_covariance: Float[Array, "k k"],
    kind: str = "cosine",
) -> LayerMeasurement:
    """Measure the alignments of one layer in float64, whatever the dtype of the weights.

    Parameters
    ----------
    weights, initial_weights : array, shape (k, m)
        Weights of the layer, now and at initialization.
    ptf_covariance : array, shape (k, k)
        PTF covariance `K` at the current weights.
    kind : str
        ``"cosine"``, or ``"pearson"`` for the correlation of entries.

    Returns
    -------
    LayerMeasurement
    """
    check_alignment(kind)
    xp = array_namespace(weights)
    K = xp.astype(ptf_covariance, xp.float64)
    W0 = xp.astype(initial_weights, xp.float64)
    parts = (W0, xp.astype(weights, xp.float64) - W0)
    products, nfm_square, agop_square = _products(parts, K)
    if kind == "pearson":
        nfm_sums, agop_sums = _entry_sums(parts, K)
        entries = weights.shape[1] ** 2
        products -= np.multiply.outer(nfm_sums, agop_sums) / entries
        nfm_square -= np.multiply.outer(nfm_sums, nfm_sums) / entries
        agop_square -= np.multiply.outer(agop_sums, agop_sums) / entries
    norm = _norm(nfm_square.sum()) * _norm(agop_square.sum())
    centered_norm = _norm(nfm_square[3, 3]) * _norm(agop_square[3, 3])
    shares = _grouped(products) / norm if norm > 0 else np.full((3, 3), math.nan)
    c_nfa = float(products[3, 3] / centered_norm) if centered_norm > 0 else math.nan
    change = float(xp.linalg.matrix_norm(parts[1])), float(xp.linalg.matrix_norm(parts[0] + parts[1]))
    relative = change[0] / change[1] if change[1] > 0 else math.nan
    return LayerMeasurement(float(shares.sum()), c_nfa, relative, shares)


def _products(parts: tuple[Array, Array], K: Array) -> tuple[Host, Host, Host]:
    # All <F_ab, G_cd>, <F_ab, F_cd> and <G_ab, G_cd>; the pair (a, b) has index 2 a + b.
    if parts[0].shape[1] < parts[0].shape[0]:
        return _products_on_inputs(parts, K)
    xp = array_namespace(K)
    S = [[A @ B.T for B in parts] for A in parts]
    SK = [[S_ab @ K for S_ab in row] for row in S]
    pairs = [(a, b) for a in (0, 1) for b in (0, 1)]

    def table(left: list[list[Array]], right: list[list[Array]]) -> Host:
        # Entry (ab, cd) is tr(left[d][b] right[a][c]).
        rows = [[xp.sum(left[d][b] * right[a][c].T) for c, d in pairs] for a, b in pairs]
        return to_host(xp.reshape(xp.stack([entry for row in rows for entry in row]), (4, 4))).copy()

    return table(S, SK), table(S, S), table(SK, SK)


def _products_on_inputs(parts: tuple[Array, Array], K: Array) -> tuple[Host, Host, Host]:
    # The same by definition, from m x m matrices, where a layer has more units than inputs.
    xp = array_namespace(K)
    KW = [K @ B for B in parts]
    F = xp.stack([xp.reshape(A.T @ B, (-1,)) for A in parts for B in parts])
    G = xp.stack([xp.reshape(A.T @ KB, (-1,)) for A in parts for KB in KW])
    return to_host(F @ G.T).copy(), to_host(F @ F.T).copy(), to_host(G @ G.T).copy()


def _entry_sums(parts: tuple[Array, Array], K: Array) -> tuple[Host, Host]:
    # Sums of the entries of F_ab and G_ab: with s_a = W_a 1 they are s_a . s_b and s_a . K s_b.
    xp = array_namespace(K)
    s = xp.stack([xp.sum(A, axis=1) for A in parts])
    return to_host(s @ s.T).reshape(4).copy(), to_host(s @ K @ s.T).reshape(4).copy()


def _grouped(products: Host) -> Float64[np.ndarray, "3 3"]:
    group = np.asarray([[1.0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    grouped: Host = group @ products @ group.T
    return grouped


def _norm(square: float) -> float:
    return math.sqrt(max(float(square), 0.0))
