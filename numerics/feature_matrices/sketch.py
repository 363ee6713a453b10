"""PTF covariances from random combinations of the outputs: unbiased, and about c times less backward work.

With v of independent random signs, ``E[(D_mu^T v)(D_mu^T v)^T] = D_mu^T D_mu``. Each sample gets its own v; q of them
are v times rows of a Hadamard matrix, so that the errors of many pairs of outputs cancel. At the last hidden layer `K`
is known exactly at little cost, hence the error there too; what `AverageBackward` makes of it further down is
subtracted, and it has no bias since the error has none.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from numerics.backend.arrays import Array, like
from numerics.backend.chunks import sample_chunks
from numerics.backend.worker_threads import process_in_order
from numerics.feature_matrices.average_backward import AverageBackward
from numerics.feature_matrices.covariances import (
    backward_sweep,
    effective_parameters,
    feature_products,
    last_feature_product,
    zero_covariances,
)
from numerics.feature_matrices.sketch_errors import Sketch
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters

REPEATED = 256
"""About so many samples are sketched twice, for the standard error; they also show how layers pass errors on."""


def sketch(
    X: Float[Array, "n d"], net: MLP, parameters: Parameters, rng: np.random.Generator, combinations: int = 1
) -> Sketch:
    """Estimate the PTF covariances of all hidden layers; with as many combinations as outputs the result is exact."""
    xp = array_namespace(X)
    effective = effective_parameters(net, parameters)
    weights = effective.weights
    stride = max(1, X.shape[0] // REPEATED)
    totals = _Totals(X, net)

    def measure(task: tuple[Array, Array, Array]) -> _Part:
        samples, signs, more_signs = task
        activity = net.propagate(samples, effective, (1.0,) * len(weights))
        slopes = [net.activation.derivative(h) for h in activity.preactivations]
        top, some = signs @ weights[-1], [slope[::stride, :] for slope in slopes]
        twice = xp.concat((top[:, ::stride, :], more_signs @ weights[-1]), axis=0)
        return _Part(
            activity.outputs,
            [*feature_products(weights, slopes, top, net.depth), last_feature_product(weights, slopes)],
            [xp.stack((xp.sum(slope, axis=0), xp.sum(slope * slope, axis=0))) for slope in some],
            [xp.reshape(D, (2, -1, *D.shape[1:])) for _, D in backward_sweep(weights, some, twice)][::-1],
        )

    process_in_order(measure, _tasks(X, net, rng, combinations, stride), totals.add, xp)
    return totals.sketch(weights)


def random_signs(rng: np.random.Generator, samples: int, outputs: int, combinations: int) -> Float[np.ndarray, "q b c"]:
    """Draw combinations of the outputs for every sample, each of which has ``E[v v^T] = 1``.

    As many as outputs, or more, are the outputs themselves, scaled.
    """
    if combinations >= outputs:
        every = np.sqrt(outputs) * np.eye(outputs)
        return np.repeat(every[:, None, :], samples, axis=1)
    signs = 1.0 - 2.0 * rng.integers(0, 2, size=(samples, outputs), dtype=np.int8)
    parities = np.bitwise_count(np.arange(combinations)[:, None] & np.arange(outputs)) % 2
    rows = 1.0 - 2.0 * parities  # of Sylvester's Hadamard matrix
    return np.asarray(rows[:, None, :] * signs)


class _Part(NamedTuple):
    # What a chunk of samples adds. Products: of the sketched features of every layer, then the exact one of the last.
    outputs: Array
    products: list[Array]
    slopes: list[Array]
    repeated: list[Array]


class _Totals:
    # Sums over chunks, in float64, and what is kept of every sample.
    def __init__(self, X: Array, net: MLP) -> None:
        xp = array_namespace(X)
        self._products = [*zero_covariances(X, net), zero_covariances(X, net)[-1]]
        self._slopes = [xp.zeros((2, k), dtype=xp.float64, device=device(X)) for k in net.widths[1:-1]]
        self._outputs: list[Array] = []
        self._repeated: list[list[Array]] = [[] for _ in self._slopes]

    def add(self, part: _Part) -> None:
        self._outputs.append(part.outputs)
        for total, product in zip((*self._products, *self._slopes), (*part.products, *part.slopes), strict=True):
            total += product
        for kept, features in zip(self._repeated, part.repeated, strict=True):
            kept.append(features)

    def sketch(self, weights: Sequence[Array]) -> Sketch:
        xp = array_namespace(weights[0])
        outputs = xp.concat(self._outputs, axis=0)
        repeated = tuple(xp.concat(features, axis=2) for features in self._repeated)
        n, means = outputs.shape[0], [total / repeated[0].shape[2] for total in self._slopes]
        backward = AverageBackward(
            tuple(xp.astype(W, xp.float64) for W in weights[1:-1]),
            tuple(mean[0, :] for mean in means[:-1]),
            tuple(mean[1, :] for mean in means[:-1]),
        )
        *estimates, exact = (product / n for product in self._products)
        errors = backward.down(estimates[-1] - exact)
        covariances = [K - error for K, error in zip(estimates[:-1], errors[:-1], strict=True)]
        return Sketch(outputs, (*covariances, exact), repeated, backward, n)


def _tasks(
    X: Array, net: MLP, rng: np.random.Generator, combinations: int, stride: int
) -> Iterator[tuple[Array, Array, Array]]:
    # Chunks of samples with their signs: for the estimate, and once more for every so many samples. Scaled so that
    # products of features sum to the average over combinations.
    q = min(combinations, net.outputs)
    for chunk in sample_chunks(X, net):
        b = chunk.shape[0]
        draws = (random_signs(rng, rows, net.outputs, q) / np.sqrt(q) for rows in (b, len(range(0, b, stride))))
        signs, more_signs = (like(draw, X) for draw in draws)
        yield chunk, signs, more_signs
