"""Centered and uncentered features of one layer from weights, and their traces by the names of the claims."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

C_NFA = ("tr(F_c G_c)", "|F_c|^2", "|G_c|^2")
UC_NFA = ("tr(F G)", "|F|^2", "|G|^2")


def layer_features(W: Shaped[Any, "k m"], W0: Shaped[Any, "k m"], K: Shaped[Any, "k k"]) -> dict[str, Any]:
    """Compute features of a layer from their definitions."""
    dW = W - W0
    F, G, F_c, G_c = W.T @ W, W.T @ K @ W, dW.T @ dW, dW.T @ K @ dW
    found: dict[str, Any] = {"F": F, "G": G, "F_c": F_c, "G_c": G_c}
    for names, (A, B), alignment in ((UC_NFA, (F, G), "UC-NFA"), (C_NFA, (F_c, G_c), "C-NFA")):
        traces = [np.sum(X * Y) for X, Y in ((A, B), (A, A), (B, B))]
        found |= dict(zip(names, traces, strict=True))
        found[alignment] = traces[0] / np.sqrt(traces[1]) / np.sqrt(traces[2])
    return found
