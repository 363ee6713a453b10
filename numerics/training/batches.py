"""Losses and gradients of networks side by side, each on its own batch, piece by piece where a batch is large."""

from collections.abc import Sequence

from array_api_compat import array_namespace, device
from jaxtyping import Float, Int

from numerics.backend.arrays import Array
from numerics.networks.backpropagation import weight_gradients
from numerics.networks.losses import Loss
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.networks.samples import Samples
from numerics.training.record_rows import network_outputs

PIECE_BYTES = 16 * 2**20
"""A batch is cut into pieces whose widest layer takes at most this much, so that memory does not grow with it."""


class Batches:
    """Training data as networks side by side see it.

    Parameters
    ----------
    net : MLP or ConvNet
        The network.
    train, test : Samples
        Data.
    loss : Loss
        The loss.
    initial : sequence of Parameters
        Initial weights of every network; used where the network subtracts its initial function.
    weight_decay : float
        Lambda of the penalty ``(lambda / 2) sum_l |W_l|^2``, which adds ``lambda W_l`` to the gradient of the weights;
        biases do not decay, and the loss is reported without it.
    """

    def __init__(
        self,
        net: Network,
        train: Samples,
        test: Samples | None,
        loss: Loss,
        initial: Sequence[Parameters],
        weight_decay: float,
    ) -> None:
        self._net, self._train, self._loss, self._decay = net, train, loss, weight_decay
        self._rows = piece_rows(net, train.X)
        self._offsets: dict[int, list[Array]] = {}
        if net.zero_initial_function:
            for samples in filter(None, (train, test)):
                self._offsets[id(samples)] = [network_outputs(net, samples.X, one) for one in initial]

    def subtract(self, outputs: Float[Array, "n c"], samples: Samples, number: int) -> Float[Array, "n c"]:
        """Return the function of one network from its outputs on all samples."""
        offsets = self._offsets.get(id(samples))
        return outputs if offsets is None else outputs - offsets[number]

    def loss_and_gradients(
        self, parameters: Parameters, batch: Int[Array, "s b"] | None
    ) -> tuple[Float[Array, " s"], Parameters]:
        """Return the loss of every network on its batch (None: on all samples), and new arrays with its gradients."""
        total = self._train.n if batch is None else batch.shape[1]
        values: Array | None = None
        sums: Parameters | None = None
        for start in range(0, total, self._rows):
            X, Y, offset = self._piece(batch, start, min(start + self._rows, total))
            piece_values, gradients = self._on_piece(parameters, X, Y, offset, X.shape[1] / total)
            if values is None or sums is None:
                values, sums = piece_values, gradients
                continue
            values = values + piece_values
            for A, B in zip((*sums.weights, *sums.biases), (*gradients.weights, *gradients.biases), strict=True):
                A += B
        if values is None or sums is None:  # a batch is never empty
            raise AssertionError
        if self._decay:
            for gradient, W in zip(sums.weights, parameters.weights, strict=True):
                gradient += self._decay * W
        return values, sums

    def _on_piece(
        self, parameters: Parameters, X: Array, Y: Array, offset: Array | None, share: float
    ) -> tuple[Array, Parameters]:
        activity = self._net.propagate(X, parameters)
        f = activity.outputs if offset is None else activity.outputs - offset
        values, gradient = self._loss.values(f, Y), self._loss.gradient(f, Y)
        if share != 1.0:  # the loss averages over the piece, but is wanted as a part of the batch's average
            values, gradient = values * share, gradient * share
        return values, weight_gradients(self._net, parameters, activity, gradient)

    def _piece(self, batch: Int[Array, "s b"] | None, start: int, stop: int) -> tuple[Array, Array, Array | None]:
        offsets = self._offsets.get(id(self._train))
        if batch is None:
            xp = array_namespace(self._train.X)
            offset = None if offsets is None else xp.stack([one[start:stop, ...] for one in offsets])
            return self._train.X[None, start:stop, :], self._train.Y[None, start:stop, :], offset
        rows = batch[:, start:stop]
        offset = None
        if offsets is not None:
            xp = array_namespace(self._train.X)
            offset = xp.stack([_take(one, row[None, :])[0, ...] for one, row in zip(offsets, rows, strict=True)])
        return _take(self._train.X, rows), _take(self._train.Y, rows), offset


def piece_rows(net: Network, X: Float[Array, "n d"]) -> int:
    """Return how many samples a step takes at once, whatever their number in the data or in the batch."""
    itemsize: int = array_namespace(X).finfo(X.dtype).bits // 8
    return max(1, PIECE_BYTES // (itemsize * max(net.sizes)))


def _take(array: Float[Array, "n d"], rows: Int[Array, "s b"]) -> Float[Array, "s b d"]:
    xp = array_namespace(array)
    taken = xp.take(array, xp.asarray(rows.reshape(-1), device=device(array)), axis=0)
    return xp.reshape(taken, (*rows.shape, array.shape[1]))
