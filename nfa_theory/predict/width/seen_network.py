"""A random network as a few samples see it: of its weights only what these samples touch is drawn.

The inputs of a layer are ``Z = T^T Q^T``, from the QR decomposition of ``Z^T``. The pre-activations ``Z W^T = T^T G``
need no more of the weights than ``G = (W Q)^T``, whose entries are independent like those of ``W``. Given these,

    W = G^T Q^T + W' (I - Q Q^T)

with ``W'`` independent of all that is known and distributed like ``W``. What comes back through the layer, ``D W``,
needs no more of it than ``D W'``: again a triangular factor, of ``D D^T``, times independent Gaussians. So the samples'
activations and gradients have the distribution that they have in the network itself, whatever its width; nothing is
expanded. `width^2` numbers and `width^2` times rows of ``D`` operations become `width` times rows, and their square.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Shaped

from numerics import MLP

_WORTH = 0.6
"""Rows of ``D``, samples times outputs, as a share of the narrowest hidden layer: above it the weights are cheaper.

Measured by ``benchmarks/predict_networks.py``.
"""


class SeenNetwork:
    """A random network on some samples; for use once, from the last hidden layer to the second.

    Parameters
    ----------
    X : (n, d) array
        Inputs, in the dtype of the computation.
    net : MLP
        The network; `is_cheaper` holds.
    rng : numpy.random.Generator
        Source of randomness; the draws are in float64, so that one seed gives one network in every dtype.

    Attributes
    ----------
    inputs, slopes : list of (n, width) array
        Of each hidden layer: what it takes in, and the derivative of the activation.
    outputs : (n, c) array
        The function.
    readout : (c, width) array
        Weights of the outputs.
    """

    def __init__(self, X: Any, net: MLP, rng: np.random.Generator) -> None:
        self._net, self._rng, self._dtype = net, rng, X.dtype
        self.inputs, self.slopes, self._directions, self._seen = [X], [], [], []
        for layer in range(1, net.depth + 1):
            Q, T = np.linalg.qr(self.inputs[-1].T)
            G = self._gaussian(Q.shape[1], net.widths[layer])
            h = T.T @ (self._scale(layer) * G)
            self._directions.append(Q)
            self._seen.append(G)
            self.inputs.append(net.activation(h))
            self.slopes.append(net.activation.derivative(h))
        Z = self.inputs.pop()
        A = self._gaussian(net.outputs, Z.shape[1])
        self.readout, self.outputs = A, Z @ (self._scale(net.depth + 1) * A).T

    @staticmethod
    def is_cheaper(net: MLP, samples: int) -> bool:
        """Tell whether to draw what the samples see instead of the weights."""
        layers = range(1, net.depth + 2)
        gaussian = net.initialization == net.readout == "gaussian" and not any(map(net.bias_variance, layers))
        return gaussian and net.depth > 1 and samples * net.outputs <= _WORTH * min(net.widths[1:-1])

    def pull_back(self, layer: int, D: Shaped[Any, "m width"]) -> Shaped[Any, "m fan_in"]:
        """Go back through the weights of a layer."""
        Q, G = self._directions[layer - 1], self._seen[layer - 1]
        L = _triangular(D)
        unseen = L @ self._gaussian(L.shape[1], len(Q))
        unseen += (D @ G.T - unseen @ Q) @ Q.T
        unseen *= self._dtype.type(len(Q) ** -0.5)
        return unseen

    def _gaussian(self, *shape: int) -> Any:
        return self._rng.standard_normal(shape).astype(self._dtype)

    def _scale(self, layer: int) -> Any:
        """Return the standard deviation of a layer's effective weights."""
        return self._dtype.type((self._net.weight_variance(layer) / self._net.widths[layer - 1]) ** 0.5)


def _triangular(D: Any) -> Any:
    """Factor ``D D^T = L L^T``, which is the covariance of what is drawn, to rounding.

    By Cholesky, whose products keep the cores busy; by QR where dependent rows stop it.
    """
    try:
        return np.linalg.cholesky(D @ D.T)
    except np.linalg.LinAlgError:
        R: Any = np.linalg.qr(D.T, mode="r")
        return R.T
