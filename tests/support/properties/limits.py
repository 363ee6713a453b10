"""The limit of a measurement as time goes to zero, with what the extrapolation leaves unknown."""

import numpy as np

COUNT = 5
AMPLIFIED = 8
"""By how much the extrapolation of five values multiplies their rounding: the sum of its absolute weights is 7.3."""


def halvings(longest):
    """List times, each half the one before."""
    return [longest / 2**i for i in range(COUNT)]


def limit(values):
    """Extrapolate values at such times to time zero, where they have a power series.

    Returns
    -------
    limit, uncertainty : array and float
        The uncertainty is the largest change that the last elimination of a power made in any entry.
    """
    column = np.asarray(values)
    for power in range(1, len(values)):
        before, column = column, (2**power * column[1:] - column[:-1]) / (2**power - 1)
    return column[0], float(np.max(np.abs(column[0] - before)))


def extrapolated(values, lost):
    """Return the limit of values at halved times, and how far it is known."""
    value, uncertainty = limit(values)
    return value, uncertainty + lost
