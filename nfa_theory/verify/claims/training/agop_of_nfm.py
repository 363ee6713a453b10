"""Wide linear networks along the flow of two losses, with weight decay and without."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import alignment
from nfa_theory.verify.instruments.flow import FLOW, weights_at
from nfa_theory.verify.instruments.wide_start import orthogonal_layers
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import features
from numerics.networks.backpropagation import weight_gradients

WIDTH, OUTPUTS, SAMPLES = 9, 3, 12


def _polynomial(trial: Trial, d: int, loss: str) -> Judge:
    """Follow a network until it has moved far, on inputs and labels without any structure, with weight decay."""
    rng = trial.rng
    net, start, s1, s2 = orthogonal_layers(trial, d, OUTPUTS, WIDTH)
    X, Y = rng.standard_normal((SAMPLES, d)), 2 * rng.standard_normal((SAMPLES, OUTPUTS))
    Y = Y if loss == "mse" else np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=SAMPLES)]
    decay, time = rng.uniform(0.1, 0.2), rng.uniform(0.8, 1.2)
    (weights,) = weights_at(net, X, Y, start, (time,), replace(FLOW, weight_decay=decay), loss=loss)
    found, q = features(X, net, weights, layer=1), np.exp(-2 * decay * time)
    values = {"s1": s1, "s2": s2, "q": q, "d": d, "F": found.nfm, "X": found.nfm - s1 * q * np.eye(d)}
    return identity(
        trial, {"G": found.agop, "G of X": found.agop, **alignment("UC-NFA", found.nfm, found.agop)}, values
    )


def _exponent(trial: Trial) -> Judge:
    """Measure how fast the eigenvalues of both matrices grow, from the gradient of the loss."""
    rng, d = trial.rng, 4
    net, start, s1, s2 = orthogonal_layers(trial, d, OUTPUTS, WIDTH)
    X, Y = rng.standard_normal((SAMPLES, d)), 2 * rng.standard_normal((SAMPLES, OUTPUTS))
    (weights,) = weights_at(net, X, Y, start, (rng.uniform(0.8, 1.2),))
    parameters = net.parameters(weights, X)
    activity = net.forward(X, parameters)
    misses = (activity.outputs - Y) / SAMPLES
    W1, W2 = weights
    V1, V2 = (-each for each in weight_gradients(net, parameters, activity, misses).weights)
    H, H_dot = W2 @ W1, V2 @ W1 + W2 @ V1
    vectors = np.linalg.svd(H)[2][:OUTPUTS].T

    def along(matrix: Any) -> Any:
        return np.sum(vectors * (matrix @ vectors), axis=0)

    x, g = along(W1.T @ W1) - s1, along(H.T @ H)
    x_dot, g_dot = 2 * along(W1.T @ V1), 2 * along(H.T @ H_dot)
    return identity(trial, {"g": g, "alpha": x_dot * g / (x * g_dot)}, {"x": x, "S": s1 + s2})


CHECKS = (
    *(
        Check(
            "training.agop_of_nfm",
            f"flow with weight decay, {loss}, d = {d}",
            "identity",
            partial(_polynomial, d=d, loss=loss),
        )
        for d, loss in ((4, "mse"), (5, "cross_entropy"))
    ),
    Check("training.local_exponent", "growth of eigenvalues", "identity", _exponent),
)
