"""The early C-NFA of one network: after one step of gradient descent so small that nothing else has changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from numerics import MLP, initial_parameters
from numerics.networks.backpropagation import tangent_features
from numerics.networks.losses import find_loss


def early_alignment(X: Float[np.ndarray, "n d"], Y: Float[np.ndarray, "n c"], net: MLP, seed: int) -> Float[Any, " l"]:
    """Measure the C-NFA of every hidden layer in the limit of one vanishing full-batch gradient step.

    The change of the weights is their gradient, up to a factor that cancels, and the tangent features are those of
    the initial weights. So no step size has to be chosen, and nothing is lost to rounding.
    """
    parameters = initial_parameters(net, seed, X.dtype)
    activity = net.forward(X, parameters)
    outputs = np.zeros_like(Y) if net.zero_initial_function else activity.outputs
    output_gradient = find_loss("mse", Y).gradient(outputs, Y)
    found = [
        _alignment(activity.inputs[layer - 1], D, output_gradient)
        for layer, D in tangent_features(net, parameters, activity)
    ]
    return np.asarray(found[::-1])


def _alignment(Z: Float[np.ndarray, "n m"], D: Float[np.ndarray, "n c k"], R: Float[np.ndarray, "n c"]) -> float:
    """Align the NFM and the AGOP of the gradient ``dW = delta^T Z``, whose rank is at most n, in sample space.

    ``F = Z^T (delta delta^T) Z``, and with ``half = D delta^T``, ``G = Z^T (half^T half) Z``: nothing of the size of
    the weights is multiplied with anything of that size, which makes wide networks affordable.
    """
    delta = _scaled(np.einsum("nc,nck->nk", R, D))
    half = _scaled(D.reshape(-1, D.shape[-1]) @ delta.T)
    S = _scaled(Z) @ _scaled(Z).T
    F, G = (delta @ delta.T) @ S, (half.T @ half) @ S
    FG, FF, GG = (float(np.sum(A * B.T)) for A, B in ((F, G), (F, F), (G, G)))
    return float(FG / np.sqrt(FF * GG))


def _scaled(A: Float[np.ndarray, "a b"]) -> Float[np.ndarray, "a b"]:
    """Give the largest entry size 1: an alignment has no scale, and float32 has a range."""
    return np.asarray(A / np.abs(A).max())
