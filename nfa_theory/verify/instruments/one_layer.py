"""One layer of a small network with data, and what `numerics` says of it, by the symbols of the claims."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

from numerics import MLP, Parameters, pre_activation_tangent_kernel, ptf_covariances
from numerics.networks.backpropagation import tangent_features, weight_gradients
from numerics.networks.mlp import Activity

NET, HIDDEN = MLP((4, 5, 6, 3), activation="tanh"), 2
"""A network with several outputs, and its layer that has layers on both sides."""


@dataclass(frozen=True)
class Layer:
    """A layer of a network at random weights, with random data.

    Parameters
    ----------
    net : MLP
        The network.
    layer : int
        Which of its hidden layers.
    X, Y : (n, d) and (n, c) array
        Data.
    start : Parameters
        Weights and biases.
    activity : Activity
        The forward pass.
    """

    net: MLP
    layer: int
    X: Any
    Y: Any
    start: Parameters
    activity: Activity

    @classmethod
    def draw(cls, net: MLP, layer: int, rng: np.random.Generator, n: int = 9) -> "Layer":
        """Draw normal data and the initial weights of the network."""
        X, Y = rng.standard_normal((n, net.inputs)), rng.standard_normal((n, net.outputs))
        start = net.initialize(rng)
        return cls(net, layer, X, Y, start, net.forward(X, start))

    @property
    def W(self) -> Any:
        """Weights of the layer."""
        return self.start.weights[self.layer - 1]

    @property
    def gamma(self) -> float:
        """Multiplier of the layer's weights."""
        return float(self.net.scaling(self.layer).multiplier)

    def gradient(self, rows: Any = slice(None)) -> Any:
        """Backpropagate ``(1/2n) sum |y - f|^2`` over some samples to the layer's weights."""
        activity = self.net.forward(self.X[rows], self.start)
        misses = activity.outputs - self.Y[rows]
        return weight_gradients(self.net, self.start, activity, misses / len(misses)).weights[self.layer - 1]

    def values(self) -> dict[str, Any]:
        """Measure what the symbols of claims about one layer stand for."""
        n, c = self.Y.shape
        D = dict(tangent_features(self.net, self.start, self.activity))[self.layer].reshape(n * c, -1)
        Z = self.activity.inputs[self.layer - 1]
        kappa = pre_activation_tangent_kernel(self.X, self.net, self.start, layer=self.layer)
        arrays = {
            "W": self.W,
            "D": D,
            "r": (self.Y - self.activity.outputs).reshape(-1, 1),
            "Z": Z,
            "T": np.repeat(np.eye(n), c, axis=0),
            "K": ptf_covariances(self.X, self.net, self.start)[self.layer - 1],
            "kappa": kappa.reshape(n * c, n * c),
            "S": Z @ Z.T,
        }
        sizes = {"n": n, "N": n * c, "k": self.W.shape[0], "m": self.W.shape[1]}
        return {**arrays, **sizes, "gamma": self.gamma, "J": self.gamma * D @ self.W}

    def early_kernels(self) -> tuple[Any, Any]:
        """Sum ``R^T kappa R`` and ``R^T kappa^2 R`` over outputs, sample by sample, as P and Q are defined."""
        n, c = self.Y.shape
        return early_kernels(self.Y - self.activity.outputs, self.values()["kappa"].reshape(n, c, n, c))


def early_kernels(R: Shaped[Any, "n c"], kappa: Shaped[Any, "n c n c"]) -> tuple[Any, Any]:
    """Sum ``R^T kappa R`` and ``R^T kappa^2 R`` over outputs, sample by sample."""
    P = np.einsum("mi,minj,nj->mn", R, kappa, R)
    return P, np.einsum("mi,mipq,pqnj,nj->mn", R, kappa, kappa, R, optimize=True)
