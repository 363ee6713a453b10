"""Random symmetric matrices far from singular, so that rounding stays rounding whatever the seed, and from scalars."""

from typing import Any

import numpy as np
from jaxtyping import Shaped


def symmetric_matrix(rng: np.random.Generator, d: int, *, signed: bool = False) -> Shaped[Any, "d d"]:
    """Draw a symmetric matrix with eigenvalues between 0.5 and 1.5 in size, no two of nearly the same.

    The square of a matrix with eigenvalues of nearly one size is nearly a number, and commutes with everything.
    """
    V, _ = np.linalg.qr(rng.standard_normal((d, d)))
    strengths = 0.5 + rng.permutation(np.arange(d) + rng.uniform(0.25, 0.75, d)) / d
    if signed:
        strengths *= rng.choice((-1.0, 1.0), d)
    return (V * strengths) @ V.T
