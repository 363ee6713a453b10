"""A smooth function at many points from its values at a few: a Chebyshev series as long as its coefficients need."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy.polynomial.chebyshev import chebpts1, chebvander

TERMS = (16, 32, 64, 128)
ROUNDING = 1e-14
"""Relative size of the last two coefficients at which a series is long enough; they fall geometrically."""


def evaluate(function: Callable[[Any], Any], points: Shaped[Any, "n"]) -> Shaped[Any, "n m"]:
    """Evaluate a function of one variable at many points.

    Examples
    --------
    >>> x = np.linspace(0, 1, 100)
    >>> bool(abs(evaluate(lambda s: np.exp(s)[:, None], x)[:, 0] - np.exp(x)).max() < 1e-13)
    True
    """
    low, high = points.min(), points.max()
    for terms in TERMS:
        if 2 * terms > len(points):
            break
        nodes = chebpts1(terms)
        values = function((low + high) / 2 + (high - low) / 2 * nodes)
        coefficients = 2 / terms * chebvander(nodes, terms - 1).T @ values
        coefficients[0] /= 2
        if np.max(abs(coefficients[-2:])) <= ROUNDING * np.max(abs(values)):
            x = (2 * points - low - high) / ((high - low) or 1)
            return chebvander(x, terms - 1) @ coefficients
    return function(points)
