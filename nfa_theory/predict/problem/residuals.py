"""The residuals that drive the first step: minus the derivative of the loss with respect to the outputs, times n.

Squared error has ``R = Y - f``, softmax cross-entropy ``R = Y - softmax(f)``. Everything else at leading order is the
same for both.
"""

from typing import Any

import numpy as np
from jaxtyping import Shaped
from scipy.special import softmax

from nfa_theory.predict.kernels.blocks import row_blocks
from numerics import InputError
from numerics.errors import unknown

LOSSES = ("mse", "cross_entropy")
_ROWS = 4096


def check_loss(loss: str, Y: Shaped[Any, "n c"]) -> str:
    """Check the name of a loss, and that the labels suit it."""
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


def residuals(loss: str, Y: Shaped[Any, "n c"], f: Shaped[Any, "n c"]) -> Shaped[Any, "n c"]:
    """Compute the residuals.

    Examples
    --------
    >>> residuals("cross_entropy", np.array([[1.0, 0.0]]), np.zeros((1, 2)))
    array([[ 0.5, -0.5]])
    """
    return Y - (softmax(f, axis=1) if loss == "cross_entropy" else f)


def fixed_residuals(loss: str, Y: Shaped[Any, "n c"], f: Shaped[Any, "n c"]) -> Shaped[Any, "n c"]:
    """Compute the residuals of a known function, and refuse a function that fits the labels."""
    R = residuals(loss, Y, f)
    rounding = 8 * np.finfo(R.dtype).eps * max(abs(Y).max(), abs(f).max())
    if not abs(R).max() > rounding:
        raise InputError(
            "the residuals must not be zero everywhere (the labels are fitted at initialization, the network does not "
            f"move and its alignment is undefined), got at most {abs(R).max():.3g}"
        )
    return R


def refuse_cancelled(X: Shaped[Any, "n d"], R: Shaped[Any, "n c"]) -> None:
    """Refuse residuals that cancel over equal inputs: the gradient of every network vanishes, but for rounding."""
    rounding = 8 * np.finfo(R.dtype).eps * len(R) * abs(R).max()
    if abs(R.sum(axis=0, dtype=np.float64)).max() > rounding:
        return
    places: dict[int, int] = {}
    rows = (row for part in row_blocks(len(R), _ROWS) for row in np.ascontiguousarray(X[part]))
    which = [places.setdefault(hash(row.tobytes()), len(places)) for row in rows]
    sums = np.zeros((len(places), R.shape[1]))
    np.add.at(sums, which, R)
    if abs(sums).max() <= rounding:
        raise InputError(
            "the residuals must not cancel over equal inputs (no network tells these apart, its gradient vanishes and "
            f"the alignment is undefined), got sums of at most {abs(sums).max():.3g} for each of {len(places)} inputs"
        )
