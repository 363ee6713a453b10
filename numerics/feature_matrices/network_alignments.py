"""The alignments of all hidden layers of a network in one pass over the data, exact or sketched."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from numerics.backend.arrays import Array
from numerics.errors import InputError
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.layer_alignments import measure_layer
from numerics.feature_matrices.sketch import sketch
from numerics.networks.mlp import MLP
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters

Row = dict[str, Float64[np.ndarray, "..."]]
"""Variables of a record for one network at one time, by name."""

MEANINGS = {
    "uc_nfa": "alignment of NFM and AGOP",
    "c_nfa": "alignment of centered NFM and centered AGOP; missing while no weight has moved",
    "relative_weight_change": "|W - W(0)| / |W|, Frobenius norms",
    "decomposition": "share of each pair of terms in the UC-NFA; the nine shares sum to it",
    "uc_nfa_standard_error": "standard error of uc_nfa from random combinations of the outputs",
    "c_nfa_standard_error": "standard error of c_nfa from random combinations of the outputs",
}
"""What the variables of a record say of each layer."""

_EXACT = ("uc_nfa", "c_nfa", "relative_weight_change", "decomposition")


def exact_alignments(
    X: Float[Array, "n d"], net: Network, parameters: Parameters, initial: Parameters, kind: str
) -> tuple[Row, Float[Array, "n c"]]:
    """Measure every hidden layer; return its alignments and the outputs of the network."""
    outputs, covariances = outputs_and_ptf_covariances(X, net, parameters)
    return row_of_layers(parameters, initial, covariances, kind), outputs


def sketched_alignments(
    X: Float[Array, "n d"],
    net: Network,
    parameters: Parameters,
    initial: Parameters,
    kind: str,
    signs: np.random.Generator,
    combinations: int,
) -> tuple[Row, Float[Array, "n c"]]:
    """Do the same with random combinations of the outputs, corrected for their bias, with standard errors."""
    if not isinstance(net, MLP):
        raise InputError(
            f"combinations are drawn for an MLP, got combinations={combinations} for a {type(net).__name__}"
        )
    estimate = sketch(X, net, parameters, signs, combinations)
    row = row_of_layers(parameters, initial, estimate.covariances, kind)
    pairs = list(zip(parameters.weights, initial.weights, estimate.covariances, strict=False))
    of_layers = [[estimate.errors(A, at, kind) for A in (W, W - W0)] for at, (W, W0, _) in enumerate(pairs, start=1)]
    factors, errors = np.moveaxis(np.asarray(of_layers), 2, 0)
    row["uc_nfa"] *= factors[:, 0]
    row["decomposition"] *= factors[:, 0, None, None]
    row["c_nfa"] *= factors[:, 1]
    row["uc_nfa_standard_error"], row["c_nfa_standard_error"] = errors.T
    row["c_nfa_standard_error"] = np.where(np.isnan(row["c_nfa"]), math.nan, row["c_nfa_standard_error"])
    return row, estimate.outputs


def row_of_layers(
    parameters: Parameters, initial: Parameters, covariances: tuple[Float[Array, "..."], ...], kind: str
) -> Row:
    """Measure the alignments of every hidden layer from its weights and its PTF covariance."""
    pairs = zip(parameters.weights, initial.weights, covariances, strict=False)  # the readout has no covariance
    layers = [measure_layer(W, W0, K, kind) for W, W0, K in pairs]
    row: dict[str, Any] = {name: np.asarray([getattr(layer, name) for layer in layers]) for name in _EXACT}
    return row
