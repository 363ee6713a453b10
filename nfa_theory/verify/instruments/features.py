"""Features of one layer from weights; the three traces of their alignment, and its value, by their names in claims."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.rules.quantities import PARTS

C_NFA = ("tr(F_c G_c)", "|F_c|^2", "|G_c|^2")
UC_NFA = ("tr(F G)", "|F|^2", "|G|^2")


def three_traces(F: Shaped[Any, "... m m"], G: Shaped[Any, "... m m"]) -> tuple[Any, Any, Any]:
    """Return ``tr(F G)``, ``tr(F F)`` and ``tr(G G)`` of symmetric matrices, one matrix or many."""
    number, first, second = (np.sum(A * B, axis=(-2, -1)) for A, B in ((F, G), (F, F), (G, G)))
    return number, first, second


def cosine(traces: Any) -> Any:
    """Divide the first of three traces by the root of the product of the others, of which neither overflows."""
    number, first, second = traces
    return number / np.sqrt(first) / np.sqrt(second)


def alignment(name: str, F: Any, G: Any) -> dict[str, Any]:
    """Return an alignment and its parts by name, of one pair of matrices or of many."""
    return of_traces(name, three_traces(F, G))


def of_traces(name: str, traces: Any) -> dict[str, Any]:
    """Name three traces as the parts of an alignment, and add its value."""
    return {name: cosine(traces), **{f"{name} {part}": each for part, each in zip(PARTS, traces, strict=True)}}


def layer_features(W: Shaped[Any, "k m"], W0: Shaped[Any, "k m"], K: Shaped[Any, "k k"]) -> dict[str, Any]:
    """Compute features of a layer from their definitions."""
    dW = W - W0
    F, G, F_c, G_c = W.T @ W, W.T @ K @ W, dW.T @ dW, dW.T @ K @ dW
    found: dict[str, Any] = {"F": F, "G": G, "F_c": F_c, "G_c": G_c}
    for names, (A, B), name in ((UC_NFA, (F, G), "UC-NFA"), (C_NFA, (F_c, G_c), "C-NFA")):
        traces = three_traces(A, B)
        found |= dict(zip(names, traces, strict=True)) | {name: cosine(traces)}
    return found
