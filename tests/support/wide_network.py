"""The kernels of an infinitely wide network as one reads them: whole matrices, one layer after the other.

Slow and transparent, for comparison with `nfa_theory.predict.kernels`: no blocks, no units, nothing kept in place.
"""

from typing import NamedTuple

import numpy as np

from derivations.activation_integrals import dual


class LayerKernels(NamedTuple):
    """Gram matrix of a layer's inputs over the fan-in, and tangent kernel of its pre-activations up to a factor."""

    layer: int
    S: np.ndarray
    kappa: np.ndarray


class WideNetwork:
    """``Sigma^(l) = dual(w Sigma^(l-1) + b)`` upwards, and products of the duals of the derivative downwards."""

    def __init__(self, X, net):
        self.net, gram = net, X @ X.T / X.dtype.type(X.shape[1])
        np.fill_diagonal(gram, np.einsum("ij,ij->i", X, X) / X.dtype.type(X.shape[1]))
        activation, every = dual(net.activation.name, net.activation.parameter), slice(None)
        self.grams, self.slopes = [gram], []
        for layer in range(1, net.depth + 1):
            q = self._preactivation(self.grams[-1], layer)
            both = activation.on_samples_with_slope(q.diagonal())
            self.grams.append(both.value(q, every, every))
            self.slopes.append(both.slope(q, every, every))

    def _preactivation(self, S, layer):
        return S * S.dtype.type(self.net.weight_variance(layer)) + S.dtype.type(self.net.bias_variance(layer))

    def output_covariance(self):
        """Covariance of the network's function at initialization, the same for every output."""
        return self._preactivation(self.grams[-1], self.net.depth + 1)

    def layers(self):
        """Kernels of every hidden layer, from the last to the first."""
        kappa = 1
        for layer in range(self.net.depth, 0, -1):
            kappa = kappa * self.slopes[layer - 1]
            yield LayerKernels(layer, self.grams[layer - 1], kappa)
