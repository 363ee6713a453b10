"""Losses and their derivatives with respect to the network's outputs."""

from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import one_of
from numerics.errors import InputError


@dataclass(frozen=True)
class Loss:
    """A loss of outputs and labels, averaged over samples; axes in front of the last two count several networks.

    Parameters
    ----------
    name : str
        Its name.
    values : callable
        ``values(f, Y)`` for arrays of shape (..., n, c) is an array of shape (...).
    gradient : callable
        ``gradient(f, Y)`` is its derivative with respect to `f`, shape (..., n, c).
    """

    name: str
    values: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]

    def value(self, f: Float[Array, "n c"], Y: Float[Array, "n c"]) -> float:
        """Return the loss of one network as a number."""
        return float(self.values(f, Y))


def _sum(entries: Array) -> Array:
    # One flat axis, so that a network's sum is added up in one order however many networks lie beside it.
    xp = array_namespace(entries)
    return xp.sum(xp.reshape(entries, (*entries.shape[:-2], -1)), axis=-1)


def _log_softmax(f: Array) -> Array:
    xp = array_namespace(f)
    shifted = f - xp.max(f, axis=-1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


def _mse(f: Array, Y: Array) -> Array:
    return _sum((f - Y) ** 2) * (0.5 / f.shape[-2])


def _mse_mean(f: Array, Y: Array) -> Array:
    return _sum((f - Y) ** 2) * (1 / (f.shape[-2] * f.shape[-1]))


def _cross_entropy(f: Array, Y: Array) -> Array:
    return _sum(Y * _log_softmax(f)) * (-1 / f.shape[-2])


def _cross_entropy_gradient(f: Array, Y: Array) -> Array:
    return (array_namespace(f).exp(_log_softmax(f)) - Y) / f.shape[-2]


LOSSES = {
    "mse": Loss("mse", _mse, lambda f, Y: (f - Y) / f.shape[-2]),
    "mse_mean": Loss("mse_mean", _mse_mean, lambda f, Y: (f - Y) * (2 / (f.shape[-2] * f.shape[-1]))),
    "cross_entropy": Loss("cross_entropy", _cross_entropy, _cross_entropy_gradient),
}
"""``"mse"``: ``(1/2n) sum |y - f|^2``. ``"mse_mean"``: the mean over samples and outputs of the squared error,
PyTorch's ``MSELoss``. ``"cross_entropy"``: softmax cross-entropy, labels as probabilities."""


def find_loss(name: str, Y: Float[Array, "n c"]) -> Loss:
    """Return a loss by name and check that the labels suit it.

    Examples
    --------
    >>> import numpy as np
    >>> loss = find_loss("mse", np.asarray([[1.0]]))
    >>> loss.value(np.asarray([[3.0]]), np.asarray([[1.0]]))
    2.0
    """
    if one_of("loss", name, LOSSES) == "cross_entropy":
        xp = array_namespace(Y)
        excess = float(xp.max(xp.abs(xp.sum(Y, axis=1) - 1)))
        if float(xp.min(Y)) < 0 or excess > 1e-5:
            raise InputError(
                "cross_entropy needs labels that are probabilities (each row from 0 and summing to 1), got rows that "
                f"sum to 1 within {excess:.3g} with least entry {float(xp.min(Y)):.3g}; "
                "classes=True (--classes) makes them of classes"
            )
    return LOSSES[name]
