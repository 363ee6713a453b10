"""What pulls on the linear map that a network computes: minus the derivative of the loss by the map, and the loss."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax, softmax


class Pull(Protocol):
    """A loss of a linear map ``H`` (c, d) of inputs."""

    def __call__(self, H: Float[np.ndarray, "c d"]) -> Float[np.ndarray, "c d"]:
        """Return minus the derivative."""

    def loss(self, H: Float[np.ndarray, "c d"]) -> float:
        """Return the loss, NaN where it is not known."""

    def along(self, axes: Float[np.ndarray, "d m"]) -> "Pull":
        """Write the same loss for inputs in other coordinates."""

    def shifted(self, H: Float[np.ndarray, "c d"]) -> "Pull":
        """Let the function be the map less this one."""


@dataclass(frozen=True)
class Moments:
    """Squared error sees second moments alone.

    Parameters
    ----------
    Sigma_xx, Sigma_yx : (d, d) and (c, d) array
        Of inputs, and of labels with inputs.
    square : float
        Mean squared length of the labels.
    """

    Sigma_xx: Any
    Sigma_yx: Any
    square: float = np.nan

    def __call__(self, H: Float[np.ndarray, "c d"]) -> Float[np.ndarray, "c d"]:
        """Return minus the derivative by the map."""
        pull: Float[np.ndarray, "c d"] = self.Sigma_yx - H @ self.Sigma_xx
        return pull

    def loss(self, H: Float[np.ndarray, "c d"]) -> float:
        """Return the loss."""
        return float(self.square - np.sum((2 * self.Sigma_yx - H @ self.Sigma_xx) * H)) / 2

    def along(self, axes: Float[np.ndarray, "d m"]) -> "Moments":
        """Write the same loss for inputs in other coordinates."""
        return replace(self, Sigma_xx=axes.T @ self.Sigma_xx @ axes, Sigma_yx=self.Sigma_yx @ axes)

    def shifted(self, H: Float[np.ndarray, "c d"]) -> "Moments":
        """Let the function be the map less this one."""
        added = H @ self.Sigma_xx
        square = self.square + float(np.sum((2 * self.Sigma_yx + added) * H))
        return replace(self, Sigma_yx=self.Sigma_yx + added, square=square)


@dataclass(frozen=True)
class CrossEntropy:
    """Softmax cross-entropy sees the samples.

    Parameters
    ----------
    X, Y : (n, d) and (n, c) array
        Inputs and labels.
    shift : (n, c) array
        What the function has beside the map.
    """

    X: Any
    Y: Any
    shift: Any

    def __call__(self, H: Float[np.ndarray, "c d"]) -> Float[np.ndarray, "c d"]:
        """Return minus the derivative by the map."""
        missed = self.Y - softmax(self.X @ H.T + self.shift, axis=1)
        pull: Float[np.ndarray, "c d"] = missed.T @ self.X / len(self.X)
        return pull

    def loss(self, H: Float[np.ndarray, "c d"]) -> float:
        """Return the loss."""
        return -float(np.sum(self.Y * log_softmax(self.X @ H.T + self.shift, axis=1))) / len(self.X)

    def along(self, axes: Float[np.ndarray, "d m"]) -> "CrossEntropy":
        """Write the same loss for inputs in other coordinates."""
        return replace(self, X=self.X @ axes)

    def shifted(self, H: Float[np.ndarray, "c d"]) -> "CrossEntropy":
        """Let the function be the map less this one."""
        return replace(self, shift=self.shift - self.X @ H.T)
