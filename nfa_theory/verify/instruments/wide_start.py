"""Two linear layers that start as wide random layers tend to: jointly orthogonal."""

from typing import Any

import numpy as np

from nfa_theory.verify.rules.check import Trial
from numerics import MLP


def orthogonal_layers(trial: Trial, d: int, c: int, k: int) -> tuple[MLP, list[Any], float, float]:
    """Draw a network with multipliers 1 and weights with ``W1^T W1 = s1 I``, ``W2 W2^T = s2 I``, ``W2 W1 = 0``."""
    frame = np.linalg.qr(trial.rng.standard_normal((k, d + c)))[0].T
    s1, s2 = trial.rng.uniform(0.4, 0.9, 2)
    net = MLP((d, k, c), activation="linear", parametrization="lecun")
    return net, [np.sqrt(s1) * frame[:d].T, np.sqrt(s2) * frame[d:]], float(s1), float(s2)
