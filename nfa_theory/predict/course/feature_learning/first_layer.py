r"""Alignments of the first layer of a muP network, from neurons: in the limit, and at the network's own width.

Weights outside the span of the inputs never move. In the limit their ``p`` directions add the identity to ``F / k`` and
nothing to ``G``. At width ``k`` they are a Gaussian matrix ``V`` (k x p) beside the weights in the span, so that with
``C = W W^T`` and ``E[(V V^T) K (V V^T)] = p^2 K + p (K + tr(K) I)`` each trace is averaged exactly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class LimitFeatures:
    """Averages over neurons that make ``F / k``, ``G``, and both centered.

    Parameters
    ----------
    F, F_c : (s, s) array
        ``E[w w^T]`` and ``E[dw dw^T]``.
    g, g_c : (n c, s) array
        ``E[a phi'(h) w^T]`` and ``E[a phi'(h) dw^T]`` by sample and output.
    """

    F: Float[np.ndarray, "s s"]
    F_c: Float[np.ndarray, "s s"]
    g: Float[np.ndarray, "nc s"]
    g_c: Float[np.ndarray, "nc s"]

    @classmethod
    def of(
        cls, D: Float[np.ndarray, "nc N"], W: Float[np.ndarray, "N s"], dW: Float[np.ndarray, "N s"]
    ) -> "LimitFeatures":
        """Average over neurons with tangent features `D`."""
        return cls(_gram(W), _gram(dW), D @ W / len(dW), D @ dW / len(dW))

    @classmethod
    def mean(cls, several: "list[LimitFeatures]") -> "LimitFeatures":
        """Average over groups of equal size."""
        rows = zip(*(vars(each).values() for each in several), strict=True)
        return cls(*(sum(each) / len(several) for each in rows))

    def alignments(self, frozen: int) -> tuple[float, float]:
        """Return C-NFA and UC-NFA."""
        G, G_c = self.g.T @ self.g, self.g_c.T @ self.g_c
        return _cosine(self.F_c, G_c), np.sum(self.F * G) / np.sqrt((np.sum(self.F**2) + frozen) * np.sum(G**2))


def own_width(
    D: Float[np.ndarray, "nc k"], W: Float[np.ndarray, "k s"], dW: Float[np.ndarray, "k s"], frozen: int
) -> tuple[float, float]:
    """Return C-NFA and UC-NFA of a network that consists of these neurons, averaged over the frozen directions."""
    F_c, J_c = dW.T @ dW, D @ dW
    return _cosine(F_c, J_c.T @ J_c), own_uc_nfa(D, W, frozen)


def own_uc_nfa(D: Float[np.ndarray, "nc k"], W: Float[np.ndarray, "k s"], frozen: int) -> float:
    """Return the UC-NFA of a network that consists of these neurons, averaged over the frozen directions."""
    FG, FF, GG = traces(D, W, frozen)
    return float(FG / np.sqrt(FF * GG))


def traces(D: Float[np.ndarray, "nc k"], W: Float[np.ndarray, "k s"], frozen: int) -> tuple[float, float, float]:
    """Average ``tr(F G)``, ``tr(F^2)`` and ``tr(G^2)`` over Gaussian weights in `frozen` more directions."""
    (k, p), J = (len(W), frozen), D @ W
    F, G = W.T @ W, J.T @ J
    FG, FF, GG = np.sum(F * G), np.sum(F**2), np.sum(G**2)
    if p:
        single = D.astype(np.float32)
        K = single @ single.T if len(D) < k else single.T @ single  # either has the traces
        trace, of_square = np.sum(D**2), np.sum(K**2, dtype=float)
        FG += 2 * p * np.trace(G) + p * (p + 1 + k) * trace
        FF += 2 * p * np.trace(F) + p * k * (p + 1 + k)
        GG += 2 * p * np.sum((D.T @ J) ** 2) + p * (p + 1) * of_square + p * trace**2
    return float(FG), float(FF), float(GG)


def _gram(W: Float[np.ndarray, "N s"]) -> Float[np.ndarray, "s s"]:
    total: Float[np.ndarray, "s s"] = W.T @ W
    return total / len(W)


def _cosine(F: Any, G: Any) -> float:
    return float(np.sum(F * G) / np.sqrt(np.sum(F**2) * np.sum(G**2)))
