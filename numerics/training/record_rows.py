"""What a training run records of one network at one step: alignments of every hidden layer, losses, accuracies."""

from collections.abc import Callable

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array, to_host
from numerics.backend.chunks import sample_chunks
from numerics.backend.worker_threads import process_in_order
from numerics.feature_matrices.covariances import effective_parameters
from numerics.feature_matrices.network_alignments import Row, exact_alignments, sketched_alignments
from numerics.networks.losses import Loss
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.networks.samples import Samples
from numerics.training.measure import Measure

Subtract = Callable[[Array, Samples], Array]
"""Makes the network's function from its outputs on samples."""


def record_row(
    net: Network,
    parameters: Parameters,
    initial: Parameters,
    train: Samples,
    test: Samples | None,
    loss: Loss,
    measure: Measure,
    subtract: Subtract,
    signs: np.random.Generator | None,
) -> Row:
    """Measure one network; `subtract` makes its function of its outputs, `signs` ask for a sketch."""
    kind, combinations = measure.kind, measure.combinations
    if combinations is None or signs is None:
        row, outputs = exact_alignments(train.X, net, parameters, initial, kind)
    else:
        row, outputs = sketched_alignments(train.X, net, parameters, initial, kind, signs, combinations)
    f = subtract(outputs, train)
    row["loss"] = np.asarray(loss.value(f, train.Y))
    if train.classification:
        row["accuracy"] = np.asarray(_accuracy(f, train.Y))
    if test is not None:
        f = subtract(network_outputs(net, test.X, parameters), test)
        row["test_loss"] = np.asarray(loss.value(f, test.Y))
        if train.classification and test.classification:
            row["test_accuracy"] = np.asarray(_accuracy(f, test.Y))
    return row


def network_outputs(net: Network, X: Float[Array, "n d"], parameters: Parameters) -> Float[Array, "n c"]:
    """Return the outputs of one network on all samples, chunk by chunk."""
    # As a measurement does it, to the last bit: then a network less its initial function is exactly zero.
    effective, xp = effective_parameters(net, parameters), array_namespace(X)
    factors, outputs = (1.0,) * len(effective.weights), list[Array]()
    process_in_order(
        lambda chunk: net.propagate(chunk, effective, factors).outputs, sample_chunks(X, net), outputs.append, xp
    )
    return xp.concat(outputs, axis=0)


def _accuracy(f: Float[Array, "n c"], Y: Float[Array, "n c"]) -> float:
    xp = array_namespace(f)
    hits = xp.argmax(f, axis=1) == xp.argmax(Y, axis=1)
    return float(np.mean(to_host(hits)))
