"""Moments of labels on weighted inputs, and the teachers of two directions that they are taken of."""

from typing import Any

from jaxtyping import Shaped

TEACHERS = ((1.0, 0.7), (1.5, -0.4), (0.9, 2.1), (-1.2, -0.8), (0.3, 1.1))
"""Strengths of the two directions of a teacher."""


def label_moment(weights: Shaped[Any, "n"], labels: Shaped[Any, "n"], x: Shaped[Any, "n d"]) -> Shaped[Any, "d d"]:
    """Average ``y x x^T``."""
    return (weights * labels * x.T) @ x
