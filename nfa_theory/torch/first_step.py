"""The early C-NFA of every layer of any differentiable network, from one gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from nfa_theory.torch.batches import Outputs, read_batch
from nfa_theory.torch.layers import Heads, Layer
from nfa_theory.torch.loss_gradients import Loss, LossGradients, loss_gradients
from nfa_theory.torch.stores.parts import Weights
from nfa_theory.torch.stores.units import UnitStore
from nfa_theory.torch.survey import gather, look_over, unwrapped
from nfa_theory.torch.untouched import untouched
from numerics.errors import InputError, unknown

OPTIMIZERS = ("sgd", "sign", "muon")


def predict_first_step(
    model: nn.Module,
    loss: Loss | None,
    batch: Any,
    optimizer: str = "sgd",
    layers: Sequence[str] | str | None = None,
    outputs: Outputs = None,
    combinations: int | str = "auto",
    kind: str = "cosine",
    *,
    heads: Heads | None = None,
    training: bool | None = False,
    seed: int = 0,
) -> xr.Dataset:
    """Predict the C-NFA of every layer after one small step of training, from one gradient and no step.

    A step moves the weights of a layer by a multiple of ``U``, made of the gradient g, and the C-NFA after a small step
    is the alignment of ``U^T U`` and ``U^T K U``.

    Parameters
    ----------
    model : torch.nn.Module
        The network, now; nothing of it is changed.
    loss : callable or None
        ``loss(what the model returns, targets)``, a mean over samples; None takes ``.loss`` of what the model returns.
    batch : tuple or mapping
        Inputs and targets of the step, as in `measure`; gradient and K are both taken on these samples.
    optimizer : str
        ``"sgd"``: U is g. ``"sign"``: the signs of its entries, Adam's first step. ``"muon"``: its polar factor
        ``(g g^T)^(-1/2) g``.
    layers, outputs, combinations, kind, heads, training, seed
        As in `measure`.

    Returns
    -------
    xarray.Dataset
        ``c_nfa`` by ``layer``; NaN where the gradient is zero.

    Raises
    ------
    InputError
        If an argument does not fit.

    Notes
    -----
    For weights that the model computes (a weight norm, a low-rank correction) the parameters make the step, and the
    weight moves with them to first order.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> batch = (torch.eye(3), torch.ones(3, 2))
    >>> predict_first_step(model, torch.nn.functional.mse_loss, batch).layer.values.tolist()
    ['0', '2']
    """
    if optimizer not in OPTIMIZERS:
        raise InputError(unknown("optimizer", optimizer, OPTIMIZERS))
    model = unwrapped(model)
    with untouched(model, training=training):
        samples = read_batch(model, batch)
        survey = look_over(model, samples, layers=layers, outputs=outputs, heads=heads)
        found = gather(survey, None, combinations=combinations, covariance=True, chunk=None, seed=seed)
        gradients = loss_gradients(model, read_batch(model, batch, labels=loss is None), loss, survey.layout)
        values = []
        for name, store in found.stores.items():
            layer, K = survey.layout.by_name[name], store.covariance.detach()
            U = _step(gradients, layer, optimizer).detach().to(K)
            moved = UnitStore.of(Weights(U, None, layer.groups), K)
            values.append(moved.parts(False, kind).value if bool(U.any()) else math.nan)
    attributes = {"optimizer": optimizer, "alignment": kind, "samples": samples.samples}
    data = {"c_nfa": ("layer", np.asarray(values), {"long_name": "predicted C-NFA after one small step"})}
    return xr.Dataset(data, {"layer": np.asarray(list(found.stores), dtype=np.str_)}, attributes)


def polar_factor(g: Tensor) -> Tensor:
    """Return ``(g g^T)^(-1/2) g``, on the range of a matrix g; from the smaller of its two Gram matrices."""
    if g.shape[0] > g.shape[1]:
        return polar_factor(g.T).T
    largest = g.abs().max()
    if not float(largest) > 0:
        return torch.zeros_like(g)
    scaled = (g / largest).double()
    left, values, right = torch.linalg.svd(scaled, full_matrices=False)
    kept = values > values[0] * max(g.shape) * torch.finfo(g.dtype).eps
    return (left[:, kept] @ right[kept]).to(g)


def _step(gradients: LossGradients, layer: Layer, optimizer: str) -> Tensor:
    if optimizer == "sgd":
        return gradients.matrix(layer)
    shape: Callable[[Tensor], Tensor] = torch.sign if optimizer == "sign" else _orthogonalized
    names = (layer.source.parameter, *layer.source.others)
    changed = {name: shape(gradients.by_parameter[name]) for name in names}
    return gradients.matrix(layer, gradients.by_parameter | changed)


def _orthogonalized(gradient: Tensor) -> Tensor:
    return polar_factor(gradient.flatten(1)).reshape(gradient.shape) if gradient.ndim >= 2 else gradient
