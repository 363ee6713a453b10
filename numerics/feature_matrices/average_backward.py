"""What the backward pass does to PTF covariances on average over samples: a linear map from layer to layer.

``D_mu^(l) = D_mu^(l+1) W diag(s_mu)``, W the effective weights of layer l + 1 and s the slopes of layer l. If slopes
did not depend on features above, a sum ``E^(l+1)`` of outer products of features would become
``E^(l) = (W^T E^(l+1) W) o <s s^T>`` (o elementwise), here with ``<s_i s_j>`` approximated by ``<s_i><s_j>`` off the
diagonal. A sketch needs no more than an approximation: it takes away noise whose expectation is zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from array_api_compat import array_namespace, device
from jaxtyping import Float

from numerics.backend.arrays import Array


@dataclass(frozen=True)
class AverageBackward:
    """The map between the hidden layers of one network.

    Parameters
    ----------
    weights : sequence of array, shapes (k_(l+1), k_l)
        Effective weights of layers 2, ..., depth, float64.
    slopes, square_slopes : sequence of array, shapes (k_l,)
        Averages over samples of ``phi'`` and its square at layers 1, ..., depth - 1, float64.
    """

    weights: Sequence[Float[Array, "..."]]
    slopes: Sequence[Float[Array, "..."]]
    square_slopes: Sequence[Float[Array, "..."]]

    def down(self, E: Float[Array, "... a a"]) -> list[Array]:
        """Carry a sum of outer products from the last hidden layer to all; return it by layer, the last included.

        Several may be stacked in front.
        """
        carried = [E]
        for layer in range(len(self.weights), 0, -1):
            W = self.weights[layer - 1]
            carried.append(self._damp(W.T @ carried[-1] @ W, layer))
        return carried[::-1]

    def up(self, A: Float[Array, "b b"], layer: int) -> Float[Array, "a a"]:
        """Carry a linear functional the other way: ``<A, down(E)[layer - 1]> = <up(A, layer), E>``."""
        for at in range(layer, len(self.weights) + 1):
            W = self.weights[at - 1]
            A = W @ self._damp(A, at) @ W.T
        return A

    def _damp(self, E: Array, layer: int) -> Array:
        # Elementwise times <s s^T>.
        xp = array_namespace(E)
        s = self.slopes[layer - 1]
        extra = xp.eye(s.shape[0], dtype=s.dtype, device=device(s)) * (self.square_slopes[layer - 1] - s * s)
        return E * (s[:, None] * s[None, :] + extra)
