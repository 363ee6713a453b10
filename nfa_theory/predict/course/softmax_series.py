"""The softmax of power series in time: the residuals of cross-entropy along a flow."""

import numpy as np
from scipy.special import softmax

from nfa_theory.predict.course.activation_series import Series


def softmax_series(f: Series) -> Series:
    """Expand the softmax of outputs that are known as a series.

    Examples
    --------
    >>> softmax_series([np.zeros((1, 2)), np.array([[1.0, 0.0]])])[1]
    array([[ 0.25, -0.25]])
    """
    p, rates = [softmax(f[0], axis=1)], []
    for j in range(len(f) - 1):
        mean = sum((i + 1) * np.sum(p[j - i] * f[i + 1], axis=1, keepdims=True) for i in range(j + 1))
        rates.append((j + 1) * f[j + 1] - mean)
        p.append(sum(p[j - i] * rates[i] for i in range(j + 1)) / (j + 1))
    return p
