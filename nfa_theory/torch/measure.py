"""`measure`: the alignments of every layer of any network that is linear in its weights, layer by layer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from nfa_theory.torch.batches import Batch, Outputs, read_batch
from nfa_theory.torch.covariances import Covariances, covariances, how_many, make_store
from nfa_theory.torch.discovery import Discovery, discover, initial_matrices
from nfa_theory.torch.layers import Heads, Layer, Layout, chosen
from nfa_theory.torch.loss_gradients import Loss, LossGradients, loss_gradients
from nfa_theory.torch.notes import describe, mode_notes, unmeasured
from nfa_theory.torch.sampling_errors import sampling_errors
from nfa_theory.torch.stores.parts import Store, Weights, inner, ratio, root
from nfa_theory.torch.untouched import untouched
from nfa_theory.torch.weights import Parameters, gram, read_state
from numerics.backend.version import package_version
from numerics.errors import InputError, unknown

SCHEMA = "nfa-theory measurement 1"
TERMS = ("initial", "cross", "centered")
KINDS = ("cosine", "pearson")
MEANINGS = {
    "uc_nfa": "alignment of NFM and AGOP",
    "c_nfa": "alignment of centered NFM and centered AGOP; missing without initial weights and while nothing has moved",
    "relative_weight_change": "|W - W(0)| / |W|, Frobenius norms",
    "uc_nfa_standard_error": "standard error of uc_nfa from the choice of samples and of combinations of outputs",
    "c_nfa_standard_error": "standard error of c_nfa from the choice of samples and of combinations of outputs",
    "fact": "alignment of the NFM with what it is at a stationary point with weight decay (FACT)",
    "units": "rows k of W",
    "inputs": "columns m of W",
}


def measure(
    model: nn.Module,
    batch: Any,
    initial: Any = None,
    layers: Sequence[str] | str | None = None,
    outputs: Outputs = None,
    combinations: int | str = "auto",
    kind: str = "cosine",
    power: float = 1,
    *,
    loss: Loss | None = None,
    heads: Heads | None = None,
    ptf_covariances: bool = False,
    training: bool | None = False,
    chunk: int | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Measure how the features of every layer of a network align.

    A layer is any weight W that the network applies linearly to data: dense layers and convolutions of every kind,
    attention projections, embeddings, products with a parameter. One rule gives the PTF covariance of all of them,
    ``K = (1/n) sum_samples sum_positions D^T D``, where D is the derivative of the outputs by the layer's result at a
    position (of an image, a sequence, or a call); ``G = W^T K W`` is the AGOP with respect to the layer's inputs
    (patches, for a convolution) as independent variables, ``F = W^T W`` the NFM. Biases act in the forward pass and
    enter no matrix.

    Parameters
    ----------
    model : torch.nn.Module
        The network; nothing of it is changed afterwards.
    batch : Tensor, tuple or mapping
        n samples: the model's input; a tuple of inputs and targets; or keyword arguments of the model by name.
    initial : Module or mapping, optional
        The network at initialization, or its ``state_dict``. Without it, what concerns the change is missing.
    layers : sequence of str, optional
        Names of layers or of modules that hold them, or patterns; by default all. Layers are named as modules are, a
        weight that is used by function as its parameter, projections of attention ``.q``, ``.k``, ``.v``.
    outputs : int, sequence of int or callable, optional
        Which outputs count: indices along the last axis, or a function of what the model returns. By default all of the
        tensor that the model returns, of ``logits`` if there are any, or of the first entry of a tuple.
    combinations : int or str
        ``"all"``: every output, exact for these samples. A number: so many random combinations of the outputs for each
        sample, an estimate for the population from which the samples came. ``"auto"``: all up to 16, else two.
    kind : str
        ``"cosine"``, or ``"pearson"`` for the correlation of entries.
    power : float
        Alignments are those of F with ``G**power``, e.g. 0.5.
    loss : callable, optional
        ``loss(what the model returns, targets)``, a mean over samples; with it, FACT is measured.
    heads : mapping, optional
        By name of layer, into how many heads its rows divide, or (3, heads) where they hold q, k and v of all heads.
        Known without it for `torch.nn.MultiheadAttention`.
    ptf_covariances : bool
        Whether the result holds every layer's K, under ``ptf_covariance/NAME``.
    training : bool or None
        Mode in which the model runs: evaluation unless true; None leaves the modes as they are. In training mode batch
        normalization mixes samples, and K is no longer an average over samples.
    chunk : int, optional
        So many samples are run at a time; memory does not grow with the number of samples.
    seed : int
        Of the random combinations.

    Returns
    -------
    xarray.Dataset
        By ``layer``: ``uc_nfa``, ``c_nfa``, ``relative_weight_change`` and ``decomposition`` as in the records of
        `nfa_theory.simulate`, their standard errors, ``units`` and ``inputs``; with heads, ``uc_nfa_by_head`` and
        ``c_nfa_by_head``. Attributes tell how it was measured; ``notes``, as JSON, what was not measured and why.

    Raises
    ------
    InputError
        If an argument does not fit the model, or no layer was called.

    Notes
    -----
    In exact measurements the standard error is that of the samples, for those who take them as a choice from more. A
    sketched alignment is freed from its bias to second order in the noise.

    The matrices are those of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271) and Radhakrishnan et al. (Science
    2024); FACT is that of Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644). The m x m matrices are never
    formed: every alignment is a trace of k x k matrices.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> measurement = measure(model, torch.eye(3))
    >>> measurement.layer.values.tolist()
    ['0', '2']
    """
    if kind not in KINDS:
        raise InputError(unknown("alignment", kind, KINDS))
    if not (math.isfinite(power) and power > 0):
        raise InputError(f"power must be positive, got {power}")
    model = unwrapped(model)
    with untouched(model, training=training):
        samples = read_batch(model, batch)
        state = None if initial is None else read_state(model, unwrapped(initial))
        survey = look_over(model, samples, layers=layers, outputs=outputs, heads=heads)
        found = gather(survey, state, combinations=combinations, covariance=ptf_covariances, chunk=chunk, seed=seed)
        gradients = None if loss is None else loss_gradients(model, samples, loss, survey.layout)
        with torch.no_grad():
            names = list(found.stores)
            rows = [_measure_layer(survey.layout.by_name[n], found, gradients, kind, power) for n in names]
            record = _dataset([survey.layout.by_name[name] for name in names], rows, found, kind, power)
            for name in names if ptf_covariances else ():
                dims = (f"unit of {name}", f"other unit of {name}")
                record[f"ptf_covariance/{name}"] = (dims, _host(found.stores[name].covariance(samples.samples)))
        reasons = unmeasured(survey.layout, names, survey.found.other_uses, survey.found.hidden)
        notes = describe(reasons, layers) + mode_notes(model, training=training)
    record.attrs["notes"] = json.dumps(notes)
    return record


def ptf_covariances(
    model: nn.Module,
    batch: Any,
    layers: Sequence[str] | str | None = None,
    outputs: Outputs = None,
    combinations: int | str = "all",
    *,
    heads: Heads | None = None,
    training: bool | None = False,
    chunk: int | None = None,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Measure the PTF covariance K of every layer.

    Parameters
    ----------
    model, batch, layers, outputs, combinations, heads, training, chunk, seed
        As in `measure`.

    Returns
    -------
    dict of str to Tensor, shapes (k, k)
        ``K = (1/n) sum_samples sum_positions D^T D`` by layer; the AGOP is ``W^T K W``.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    >>> {name: tuple(K.shape) for name, K in ptf_covariances(model, torch.eye(3)).items()}
    {'0': (4, 4), '2': (1, 1)}
    """
    model = unwrapped(model)
    with untouched(model, training=training):
        samples = read_batch(model, batch)
        survey = look_over(model, samples, layers=layers, outputs=outputs, heads=heads)
        found = gather(survey, None, combinations=combinations, covariance=True, chunk=chunk, seed=seed)
        return {name: store.covariance(samples.samples) for name, store in found.stores.items()}


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
        stores[name] = make_store(weights, passes * survey.found.positions[name], covariance=covariance)
    found = covariances(
        survey.model, samples, outputs=survey.outputs, combinations=combinations, layout=layout, stores=stores,
        rng=np.random.default_rng(seed), chunk=chunk,
    )  # fmt: skip
    if not found.stores:
        raise InputError("the outputs must depend on at least one layer that is linear in its weights, got none")
    return found


def _measure_layer(
    layer: Layer, found: Covariances, gradients: LossGradients | None, kind: str, power: float
) -> dict[str, Any]:
    store = found.stores[layer.name]
    weights: Weights = store.weights
    row: dict[str, Any] = {"units": layer.units, "inputs": weights.inputs}
    row |= _alignment("uc_nfa", layer, found, kind, power, centered=False)
    change = weights.change
    if change is not None:
        length = _norm(weights.now)
        row["relative_weight_change"] = _norm(change) / length if length > 0 else math.nan
        row |= _alignment("c_nfa", layer, found, kind, power, centered=True)
        if power == 1:
            row["decomposition"] = row["factor of uc_nfa"] * _shares(store, row["norm of uc_nfa"], kind, found.samples)
    if gradients is not None:
        row["fact"] = _fact(weights, gradients, layer, kind)
    return row


def _alignment(
    name: str, layer: Layer, found: Covariances, kind: str, power: float, *, centered: bool
) -> dict[str, Any]:
    store, n = found.stores[layer.name], found.samples
    factor, error, norm = 1.0, math.nan, math.nan
    if power == 1:
        parts = store.parts(centered, kind, n)
        factor, error = sampling_errors(parts, found.sizes(layer.name))
        value, norm = parts.value, parts.norm * root(parts.squared)
    else:
        value = store.power(centered, power, kind, n)
    factor = 1.0 if found.exact else factor
    size = layer.units // layer.heads
    by_head = []
    for head in range(layer.heads) if layer.heads > 1 else ():
        own = store.head(head * size, (head + 1) * size, n)
        by_head.append(own.parts(centered, kind, n).value if power == 1 else own.power(centered, power, kind, n))
    return {
        name: min(factor * value, 1.0) if factor != 1 else value,
        f"{name}_standard_error": error,
        f"factor of {name}": factor,
        f"norm of {name}": norm,
        f"{name}_by_head": by_head,
    }


def _shares(store: Store, norm: float, kind: str, samples: int) -> Any:
    if not norm > 0:
        return np.full((3, 3), math.nan)
    group = np.asarray([[1.0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    return group @ store.products(kind, samples) @ group.T / norm


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


def _host(values: Tensor) -> Any:
    return values.detach().double().cpu().numpy()


def _norm(W: Tensor) -> float:
    return float(torch.linalg.vector_norm(W, dtype=torch.float64))


def _dataset(
    layers: Sequence[Layer], rows: Sequence[Mapping[str, Any]], found: Covariances, kind: str, power: float
) -> xr.Dataset:
    names = ["uc_nfa", "c_nfa", "relative_weight_change", "uc_nfa_standard_error", "c_nfa_standard_error"]
    names += ["fact"] * any("fact" in row for row in rows) + ["units", "inputs"]
    data: dict[str, Any] = {
        name: ("layer", np.asarray([row.get(name, math.nan) for row in rows]), {"long_name": MEANINGS[name]})
        for name in names
    }
    missing = np.full((3, 3), math.nan)
    shares = np.asarray([row.get("decomposition", missing) for row in rows])
    data["decomposition"] = (("layer", "nfm_term", "agop_term"), shares)
    heads = max(len(row["uc_nfa_by_head"]) for row in rows)
    if heads:
        for name in ("uc_nfa_by_head", "c_nfa_by_head"):
            table = np.full((len(rows), heads), math.nan)
            for at, row in enumerate(rows):
                values = row.get(name, [])
                table[at, : len(values)] = values
            data[name] = (("layer", "head"), table)
    attributes = {
        "schema": SCHEMA,
        "alignment": kind,
        "power": float(power),
        "samples": found.samples,
        "outputs": found.outputs,
        "combinations": found.combinations,
        "version": package_version(),
    }
    coordinates = {
        "layer": np.asarray([layer.name for layer in layers], dtype=np.str_),
        "nfm_term": list(TERMS),
        "agop_term": list(TERMS),
    }
    return xr.Dataset(data, coordinates, attributes)
