"""What a training run records of its networks: alignments of every hidden layer, losses, accuracies."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float64

from numerics.backend.arrays import Array, to_host
from numerics.backend.chunks import sample_chunks
from numerics.backend.worker_threads import process_in_order
from numerics.feature_matrices.covariances import effective_parameters, outputs_and_ptf_covariances
from numerics.feature_matrices.layer_measurement import measure_layer
from numerics.feature_matrices.sketch import sketch
from numerics.feature_matrices.sketch_errors import Sketch
from numerics.networks.losses import Loss
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.training.samples import Samples

Row = dict[str, Float64[np.ndarray, "..."]]
"""The variables of a record at one step of one network."""

Subtract = Callable[[Array, Samples], Array]
"""Makes the network's function from its outputs on samples."""


def measure_network(
    net: MLP,
    parameters: Parameters,
    initial: Parameters,
    train: Samples,
    test: Samples | None,
    loss: Loss,
    kind: str,
    subtract: Subtract,
    signs: np.random.Generator | None,
    combinations: int,
) -> Row:
    """Measure one network."""
    row, outputs = _alignments(net, parameters, initial, train, kind, signs, combinations)
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


def network_outputs(net: MLP, X: Array, parameters: Parameters) -> Array:
    """Return the outputs of one network on all samples, chunk by chunk."""
    # As a measurement does it, to the last bit: then a network less its initial function is exactly zero.
    effective, xp = effective_parameters(net, parameters), array_namespace(X)
    factors, outputs = (1.0,) * len(effective.weights), list[Array]()
    process_in_order(
        lambda chunk: net.propagate(chunk, effective, factors).outputs, sample_chunks(X, net), outputs.append, xp
    )
    return xp.concat(outputs, axis=0)


def _alignments(
    net: MLP,
    parameters: Parameters,
    initial: Parameters,
    train: Samples,
    kind: str,
    signs: np.random.Generator | None,
    combinations: int,
) -> tuple[Row, Array]:
    estimate: Sketch | None = None
    if signs is None:
        outputs, covariances = outputs_and_ptf_covariances(train.X, net, parameters)
    else:
        estimate = sketch(train.X, net, parameters, signs, combinations)
        outputs, covariances = estimate.outputs, estimate.covariances
    pairs = list(zip(parameters.weights, initial.weights, covariances, strict=False))
    layers = [measure_layer(W, W0, K, kind) for W, W0, K in pairs]
    names = ("uc_nfa", "c_nfa", "relative_weight_change", "decomposition")
    row: dict[str, Any] = {name: np.asarray([getattr(layer, name) for layer in layers]) for name in names}
    if estimate is not None:
        of_layers = [
            [estimate.errors(A, at, kind) for A in (W, W - W0)] for at, (W, W0, _) in enumerate(pairs, start=1)
        ]
        factors, errors = np.moveaxis(np.asarray(of_layers), 2, 0)
        row["uc_nfa"] *= factors[:, 0]
        row["decomposition"] *= factors[:, 0, None, None]
        row["c_nfa"] *= factors[:, 1]
        row["uc_nfa_standard_error"], row["c_nfa_standard_error"] = errors.T
        row["c_nfa_standard_error"] = np.where(np.isnan(row["c_nfa"]), math.nan, row["c_nfa_standard_error"])
    return row, outputs


def _accuracy(f: Array, Y: Array) -> float:
    xp = array_namespace(f)
    hits = xp.argmax(f, axis=1) == xp.argmax(Y, axis=1)
    return float(np.mean(to_host(hits)))
