"""Layers with Gaussian weights, and what their UC-NFA is made of."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.features import three_traces
from nfa_theory.verify.rules.quantities import PARTS


def uc_nfa_parts(W: Shaped[Any, "count k m"], K: Shaped[Any, "k k"]) -> dict[str, Any]:
    """Take the three traces of the UC-NFA for many weight matrices."""
    across = np.swapaxes(W, -1, -2)
    return {f"UC-NFA {part}": each for part, each in zip(PARTS, three_traces(across @ W, across @ K @ W), strict=True)}
