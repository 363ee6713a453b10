"""Which layers of a model are measured, and the backward passes that measure them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from nfa_theory.torch.batches import Batch, Outputs
from nfa_theory.torch.covariances import Covariances, covariances, how_many, make_store, samples_at_once
from nfa_theory.torch.discovery import Discovery, discover, initial_matrices
from nfa_theory.torch.layers import Heads, Layout, chosen
from nfa_theory.torch.stores.parts import Weights
from nfa_theory.torch.weights import Parameters
from numerics.errors import InputError


def unwrapped(model: Any) -> Any:
    """Return the module inside a compiled or parallel one."""
    if hasattr(model, "_orig_mod"):
        return unwrapped(model._orig_mod)
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return unwrapped(model.module)
    return model


@dataclass(frozen=True)
class Survey:
    """What a model does with its weights, and which layers are measured.

    Parameters
    ----------
    model, samples, outputs
        What is measured.
    found : Discovery
        From one sample.
    names : list of str
        The layers that were asked for.
    """

    model: nn.Module
    samples: Batch
    outputs: Outputs
    found: Discovery
    names: list[str]

    @property
    def layout(self) -> Layout:
        """The layers."""
        return self.found.layout


def look_over(
    model: nn.Module, samples: Batch, *, layers: Sequence[str] | str | None, outputs: Outputs, heads: Heads | None
) -> Survey:
    """Find the layers of a model and choose among them; the model is prepared by `untouched`."""
    found = discover(model, samples, Layout(Parameters(model), heads), outputs)
    return Survey(model, samples, outputs, found, chosen(layers, list(found.layout.by_name)))


def gather(
    survey: Survey,
    state: Mapping[str, Tensor] | None,
    *,
    combinations: int | str,
    covariance: bool,
    chunk: int | None,
    seed: int,
) -> Covariances:
    """Measure covariances of the chosen layers, in the order in which they are called."""
    layout, samples = survey.layout, survey.samples
    starts = initial_matrices(survey.model, samples, layout, survey.names, state)
    passes = samples.samples * how_many(combinations, survey.found.outputs)
    stores = {}
    for name in survey.names:
        layer = layout.by_name[name]
        start = starts[name] if starts else None
        weights = Weights(layer.matrix(layout.parameters), start, layer.groups)
        rows = passes * survey.found.positions[name]
        stores[name] = make_store(weights, samples.samples, rows, covariance=covariance)
    found = covariances(
        survey.model, samples, outputs=survey.outputs, combinations=combinations, layout=layout, stores=stores,
        rng=np.random.default_rng(seed), chunk=samples_at_once(survey.found, samples) if chunk is None else chunk,
    )  # fmt: skip
    if not found.stores:
        raise InputError("the outputs must depend on at least one layer that is linear in its weights, got none")
    return found
