"""What is measured of one layer: alignments, their errors, decomposition and FACT."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nfa_theory.torch.covariances import Covariances
from nfa_theory.torch.layers import Layer
from nfa_theory.torch.loss_gradients import LossGradients
from nfa_theory.torch.sampling_errors import sampling_errors
from nfa_theory.torch.stores.parts import Store, Weights, inner, ratio, root
from nfa_theory.torch.weights import gram


def measure_layer(
    layer: Layer, found: Covariances, gradients: LossGradients | None, kind: str, power: float
) -> dict[str, Any]:
    """Measure a layer; by name of the variable."""
    store = found.stores[layer.name]
    weights: Weights = store.weights
    row: dict[str, Any] = {"units": layer.units, "inputs": weights.inputs}
    row |= _alignment("uc_nfa", layer, found, kind, power, centered=False)
    if weights.initial is not None:
        length = _norm(weights.now)
        row["relative_weight_change"] = _norm(weights.of(True)) / length if length > 0 else math.nan
        row |= _alignment("c_nfa", layer, found, kind, power, centered=True)
        if power == 1:
            row["decomposition"] = row["factor of uc_nfa"] * _shares(store, row["norm of uc_nfa"], kind)
    if gradients is not None:
        row["fact"] = _fact(weights, gradients, layer, kind)
    return row


def _alignment(
    name: str, layer: Layer, found: Covariances, kind: str, power: float, *, centered: bool
) -> dict[str, Any]:
    store = found.stores[layer.name]
    factor, error, norm = 1.0, math.nan, math.nan
    if power == 1:
        parts = store.parts(centered, kind)
        factor, error = sampling_errors(parts, found.block_sizes)
        value, norm = parts.value, parts.norm * root(parts.squared)
    else:
        value = store.power(centered, power, kind)
    factor = 1.0 if found.exact else factor
    size = layer.units // layer.heads
    by_head = []
    for head in range(layer.heads) if layer.heads > 1 else ():
        own = store.head(head * size, (head + 1) * size)
        by_head.append(own.parts(centered, kind).value if power == 1 else own.power(centered, power, kind))
    return {
        name: min(factor * value, 1.0) if factor != 1 else value,
        f"{name}_standard_error": error,
        f"factor of {name}": factor,
        f"norm of {name}": norm,
        f"{name}_by_head": by_head,
    }


def _shares(store: Store, norm: float, kind: str) -> Any:
    if not norm > 0:
        return np.full((3, 3), math.nan)
    group = np.asarray([[1.0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    return group @ store.products(kind) @ group.T / norm


def _fact(weights: Weights, gradients: LossGradients, layer: Layer, kind: str) -> float:
    # At a stationary point with weight decay W^T W is a multiple of -W^T g, g the gradient of the loss.
    if layer.source.view is None:
        return math.nan
    W, groups = weights.now, weights.groups
    g = -gradients.matrix(layer).to(W)
    S, C, gg = gram(W, W, groups), gram(W, g, groups), gram(g, g, groups)
    overlap, norm, squared = inner(S, C), inner(S, S), inner(S, gg)
    if kind == "pearson":
        s, t, entries = W.sum(1), g.sum(1), weights.inputs**2
        mean_F, mean_C = float(s @ s), float(s @ t)
        overlap, norm = overlap - mean_F * mean_C / entries, norm - mean_F**2 / entries
        squared -= mean_C**2 / entries
    return ratio(overlap, norm, squared)


def _norm(W: Tensor) -> float:
    return float(torch.linalg.vector_norm(torch.linalg.vector_norm(W, dim=1).double()))
