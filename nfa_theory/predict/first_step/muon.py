"""Muon's first step from the leading order of descent: ``tr(F^+ G) / sqrt(r tr((F^+ G)^2))``, claim `sgd.muon_step`."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.limit.leading_order import cosine


def muon_alignment(
    P: Shaped[Any, "n n"], Q: Shaped[Any, "n n"], Z: Shaped[Any, "n d"] | None, S: Shaped[Any, "n n"], layer: int
) -> float:
    """Align after a step of Muon with ``F = Z^T P Z`` and ``G = Z^T Q Z``; of higher layers only ``S`` is known."""
    root = _root(S) if Z is None or Z.shape[1] > len(S) else Z.astype(np.float64)
    F, G = (root.T @ each.astype(np.float64) @ root for each in (P, Q))
    values, vectors = np.linalg.eigh(F)
    kept = values > values[-1] * _rounding(P, len(F))
    T = vectors[:, kept] / np.sqrt(values[kept])
    return spread_alignment(T.T @ G @ T, layer)


def spread_alignment(M: Shaped[Any, "r r"], layer: int) -> float:
    """Return ``tr M / sqrt(r tr M^2)``."""
    return cosine(float(np.trace(M)), float(len(M)), float(np.sum(M * M)), layer)


def _root(S: Shaped[Any, "n n"]) -> Shaped[Any, "n r"]:
    """Factor a Gram matrix over its range."""
    values, vectors = np.linalg.eigh(S.astype(np.float64))
    kept = values > values[-1] * _rounding(S, len(S))
    return vectors[:, kept] * np.sqrt(values[kept])


def _rounding(A: Any, size: int) -> float:
    """Return what eigenvalues of products may be by rounding, as a share of the largest."""
    return 10 * size * float(np.finfo(A.dtype).eps)
