"""How far rounding may take a product of matrices from its value."""

import math

import numpy as np

UNIT = 1e-12
"""Relative to the product of norms: a few thousand roundings of 1e-16, more than networks of this size make."""


def rounding(*factors):
    """Return ``UNIT`` times the product of the Frobenius norms of the factors."""
    return UNIT * math.prod(float(np.linalg.norm(factor)) for factor in factors)
