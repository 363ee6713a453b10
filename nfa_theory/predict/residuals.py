"""The residuals that drive the first step: minus the derivative of the loss with respect to the outputs, times n.

Squared error has ``R = Y - f``, softmax cross-entropy ``R = Y - softmax(f)``. Everything else at leading order is the
same for both.
"""

from typing import Any

import numpy as np
from scipy.special import softmax

from numerics import InputError
from numerics.errors import unknown

LOSSES = ("mse", "cross_entropy")


def check_loss(loss: str, Y: Any) -> str:
    """Check the name of a loss, and that the labels suit it.

    Parameters
    ----------
    loss : str
        As the caller gave it.
    Y : (n, c) array
        Labels.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        The name is unknown, or the labels of a cross-entropy are not probabilities.
    """
    if loss not in LOSSES:
        raise InputError(unknown("loss", loss, LOSSES))
    if loss == "cross_entropy":
        sums = Y.sum(axis=1)
        if Y.min() < 0 or abs(sums - 1).max() > 1e-5:
            raise InputError(
                "cross_entropy needs labels that are probabilities (each row from 0 and summing to 1), got rows that "
                f"sum to between {sums.min():.6g} and {sums.max():.6g} with least entry {Y.min():.3g}"
            )
    return loss


def residuals(loss: str, Y: Any, f: Any) -> Any:
    """Compute the residuals.

    Parameters
    ----------
    loss : {"mse", "cross_entropy"}
        The loss.
    Y, f : (n, c) array
        Labels and outputs.

    Returns
    -------
    (n, c) array
        ``R``.

    Examples
    --------
    >>> residuals("cross_entropy", np.array([[1.0, 0.0]]), np.zeros((1, 2)))
    array([[ 0.5, -0.5]])
    """
    return Y - (softmax(f, axis=1) if loss == "cross_entropy" else f)


def fixed_residuals(loss: str, Y: Any, f: Any) -> Any:
    """Compute the residuals of a known function, and refuse a function that fits the labels.

    Parameters
    ----------
    loss : {"mse", "cross_entropy"}
        The loss.
    Y, f : (n, c) array
        Labels and outputs.

    Returns
    -------
    (n, c) array
        ``R``.

    Raises
    ------
    InputError
        The residuals vanish up to rounding.
    """
    R = residuals(loss, Y, f)
    rounding = 8 * np.finfo(R.dtype).eps * max(abs(Y).max(), abs(f).max())
    if not abs(R).max() > rounding:
        raise InputError(
            "the residuals must not be zero everywhere (the labels are fitted at initialization, the network does not "
            f"move and its alignment is undefined), got at most {abs(R).max():.3g}"
        )
    return R
