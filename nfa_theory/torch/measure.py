"""`measure`: the alignments of every layer of any network that is linear in its weights, layer by layer."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from nfa_theory.torch.batches import Outputs, read_batch
from nfa_theory.torch.layer_measurement import measure_layer
from nfa_theory.torch.layers import Heads
from nfa_theory.torch.loss_gradients import Loss, loss_gradients
from nfa_theory.torch.measurement_dataset import measurement_dataset
from nfa_theory.torch.notes import describe, mode_notes, unmeasured
from nfa_theory.torch.survey import gather, look_over, unwrapped
from nfa_theory.torch.untouched import untouched
from nfa_theory.torch.weights import read_state
from numerics.errors import InputError, unknown

KINDS = ("cosine", "pearson")


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
            measured = [survey.layout.by_name[name] for name in names]
            rows = [measure_layer(layer, found, gradients, kind, power) for layer in measured]
            record = measurement_dataset(measured, rows, found, kind, power)
            for name in names if ptf_covariances else ():
                dims = (f"unit of {name}", f"other unit of {name}")
                record[f"ptf_covariance/{name}"] = (dims, found.stores[name].covariance.double().cpu().numpy())
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
        return {name: store.covariance for name, store in found.stores.items()}
