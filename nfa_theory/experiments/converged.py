"""At convergence with weight decay: the ansatz, the ansatz with exponents, and FACT, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nfa_theory.experiments.collect import with_verdict
from numerics.alignments import cosine_alignment, generalized_alignment
from numerics.backpropagation import weight_gradients
from numerics.data import synthetic_dataset
from numerics.feature_matrices import features
from numerics.network import MLP
from numerics.parameters import Parameters
from numerics.simulation import simulate


def converged_with_weight_decay(
    *,
    n: int = 100,
    d: int = 8,
    width: int = 32,
    activation: str = "tanh",
    weight_decay: float = 1e-2,
    learning_rate: float = 0.1,
    steps: int = 30000,
    exponents: Sequence[float] = (0.25, 1 / 3, 0.5, 0.75, 1.0),
    seeds: Sequence[int] = (0, 1, 2),
) -> xr.Dataset:
    """Train by gradient descent with weight decay until it stands still, on a quadratic teacher of rank two.

    Parameters
    ----------
    n, d, width : int
        Samples, inputs, and the width of the two hidden layers.
    activation : str
        Their activation.
    weight_decay : float
        Lambda.
    learning_rate : float
        Learning rate.
    steps : int
        Steps of gradient descent.
    exponents : sequence of float
        Exponents alpha of ``rho(F, G^alpha)``.
    seeds : sequence of int
        One run for each.

    Returns
    -------
    xarray.Dataset
        A record with the variables ``fact`` (seed, step, layer), the alignment of ``W^T W`` with
        ``(1/n) sum_mu J_mu^T R_mu z_mu^T``, ``fact_error``, the relative error of the identity
        ``lambda W^T W = (1/n) sum_mu J_mu^T R_mu z_mu^T``, and ``generalized`` (seed, step, layer, exponent). The
        verdict holds if after training the identity's error is below 1% in every layer, and FACT's mean
        alignment above the ansatz's.

    Notes
    -----
    FACT is the condition of Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644).
    """
    data = synthetic_dataset("quadratic_teacher", n, d, rank=2, seed=0)
    net = MLP((d, width, width, 1), activation, parametrization="lecun")
    seen: dict[tuple[int, int], dict[str, Any]] = {}

    def observe(seed: int, step: int, parameters: Parameters) -> None:
        seen[seed, step] = _measure(data.X, data.Y, net, parameters, weight_decay, exponents)

    record = simulate(
        data.X,
        data.Y,
        net,
        steps=steps,
        optimizer="gd",
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        seed=list(seeds),
        measure=[steps // 100, steps // 10, steps],
        observe=observe,
    )
    measured = record.step.values.tolist()
    for name in ("fact", "fact_error", "generalized"):
        dims = ("seed", "step", "layer", "exponent")[: 3 + (name == "generalized")]
        record[name] = (dims, np.asarray([[seen[seed, step][name] for step in measured] for seed in seeds]))
    record = record.assign_coords(exponent=list(exponents))
    return with_verdict(record, experiment="converged_with_weight_decay", verdict=_verdict(record))


def fact_matrix(
    X: NDArray[np.float64], Y: NDArray[np.float64], net: MLP, parameters: Parameters, layer: int
) -> NDArray[np.float64]:
    """Return ``(1/n) sum_mu J_mu^T R_mu z_mu^T`` of a layer, with ``R = Y - f`` and J the Jacobian at its input.

    Parameters
    ----------
    X, Y : array, shapes (n, d) and (n, c)
        Data.
    net : MLP
        The network.
    parameters : Parameters
        Its weights.
    layer : int
        1, ..., depth + 1.

    Returns
    -------
    array, shape (m, m)
    """
    activity = net.forward(X, parameters)
    gradients = weight_gradients(net, parameters, activity, (activity.outputs - Y) / len(X))
    # J = D W and the gradient is -(1/n) sum D^T R z^T, up to the multiplier, which both sides have.
    product: NDArray[np.float64] = -parameters.weights[layer - 1].T @ gradients.weights[layer - 1]
    return product


def _measure(
    X: Any, Y: Any, net: MLP, parameters: Parameters, weight_decay: float, exponents: Sequence[float]
) -> dict[str, Any]:
    fact, errors, generalized = [], [], []
    for layer in range(1, net.depth + 1):
        measured = features(X, net, parameters, layer)
        F, right = measured.nfm, fact_matrix(X, Y, net, parameters, layer)
        fact.append(cosine_alignment(F, right))
        errors.append(float(np.linalg.norm(weight_decay * F - right) / np.linalg.norm(weight_decay * F)))
        generalized.append([generalized_alignment(F, measured.agop, alpha) for alpha in exponents])
    return {"fact": fact, "fact_error": errors, "generalized": generalized}


def _verdict(record: xr.Dataset) -> dict[str, Any]:
    last = record.isel(step=-1).mean("seed")
    return {
        "uc_nfa": last.uc_nfa.values.round(4).tolist(),
        "fact": last.fact.values.round(6).tolist(),
        "fact_error": last.fact_error.values.tolist(),
        "generalized": last.generalized.values.round(4).tolist(),
        "held": bool((last.fact_error < 0.01).all() and last.fact.mean() > last.uc_nfa.mean()),
    }
