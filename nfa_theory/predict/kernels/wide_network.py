"""The kernels of an infinitely wide network between all pairs of samples, layer by layer from the readout down.

Layer ``l`` needs ``S = Sigma^(l-1)`` and ``kappa^(l)``. ``S`` is made anew for each layer, block by block.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.kernels.between_groups import Group, PairKernels
from nfa_theory.predict.kernels.blocks import for_each_upper_block, write_symmetric
from numerics import MLP


class LayerKernels(NamedTuple):
    """What the leading order needs of one layer.

    Parameters
    ----------
    layer : int
        1, ..., depth.
    S : (n, n) array
        Gram matrix of the layer's inputs, over the fan-in.
    kappa : (n, n) array
        Tangent kernel of the layer's pre-activations, scaled so that its largest entry is 1 (an alignment has no
        scale). Overwritten when the next layer is asked for.
    unit : float
        What `kappa` has been divided by since the layer above.
    """

    layer: int
    S: Any
    kappa: Any
    unit: float


class WideNetwork(PairKernels):
    """The same kernels between all pairs of samples, from one stored Gram matrix.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    net : MLP
        As for `PairKernels`.

    Raises
    ------
    InputError
        As for `PairKernels`.
    """

    def __init__(self, X: Any, net: MLP) -> None:
        super().__init__(X, net)
        self.input_gram = X @ X.T
        self.input_gram /= X.shape[1]
        np.fill_diagonal(self.input_gram, self._norms)

    def _gram(self, rows: Group, columns: Group) -> Any:
        return self.input_gram[rows, columns]

    def output_covariance(self) -> Shaped[Any, "n n"]:
        """Compute the covariance of the network's function at initialization, the same for every output."""
        covariance = np.empty_like(self.input_gram)

        def fill(rows: slice, columns: slice) -> None:
            write_symmetric(covariance, rows, columns, self.covariance(rows, columns))

        for_each_upper_block(len(covariance), fill)
        return covariance

    def layers(self) -> Iterator[LayerKernels]:
        """Compute the kernels of every hidden layer."""
        kappa = np.ones_like(self.input_gram)
        for layer in range(self.net.depth, 0, -1):
            S = self.input_gram if layer == 1 else np.empty_like(self.input_gram)
            self._descend(layer, S, kappa)
            unit = float(kappa.diagonal().max()) or 1.0
            kappa /= kappa.dtype.type(unit)
            yield LayerKernels(layer, S, kappa, unit)

    def _descend(self, layer: int, S: Any, kappa: Any) -> None:
        """Write ``Sigma^(layer - 1)`` into `S` and turn the tangent kernel of the layer above into this layer's."""

        def fill(rows: slice, columns: slice) -> None:
            block = self._block(layer - 1, rows, columns)
            slope = self._duals[layer - 1].slope(self._preactivation(block, layer), rows, columns)
            write_symmetric(kappa, rows, columns, kappa[rows, columns] * slope)
            if layer > 1:
                write_symmetric(S, rows, columns, block)

        for_each_upper_block(len(S), fill)
