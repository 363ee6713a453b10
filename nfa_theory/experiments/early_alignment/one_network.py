"""The early C-NFA of one network: after one step of gradient descent, vanishing or small, and by the formula."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.width.random_network import Drawn, early_alignments, forward, through
from numerics import MLP, Parameters, initial_parameters
from numerics.networks.backpropagation import tangent_features, weight_gradients
from numerics.networks.losses import find_loss


def early_alignment(X: Float[np.ndarray, "n d"], Y: Float[np.ndarray, "n c"], net: MLP, seed: int) -> Float[Any, " l"]:
    """Measure the C-NFA of every hidden layer in the limit of one vanishing full-batch gradient step.

    The change of the weights is their gradient, up to a factor that cancels, and the tangent features are those of
    the initial weights. So no step size has to be chosen, and nothing is lost to rounding.
    """
    (measured,) = alignments_after_steps(X, Y, net, seed, (0.0,))
    return measured


def alignments_after_steps(
    X: Float[np.ndarray, "n d"],
    Y: Float[np.ndarray, "n c"],
    net: MLP,
    seed: int,
    learning_rates: tuple[float, ...],
) -> list[Float[Any, " l"]]:
    """Measure the C-NFA of every hidden layer after one full-batch gradient step of each length.

    The change of the weights is their gradient, up to a factor that cancels; the tangent features are those of the
    weights where the step ends.
    """
    start = initial_parameters(net, seed, X.dtype)
    activity = net.forward(X, start)
    outputs = np.zeros_like(Y) if net.zero_initial_function else activity.outputs
    output_gradient = find_loss("mse", Y).gradient(outputs, Y)
    deltas = {
        layer: _scaled(np.einsum("nc,nck->nk", output_gradient, D))
        for layer, D in tangent_features(net, start, activity)
    }
    found = []
    for rate in learning_rates:
        moved, after = start, activity
        if rate:
            gradients = weight_gradients(net, start, activity, output_gradient)
            moved = Parameters(*(_moved(*pair, rate) for pair in zip(start, gradients, strict=True)))
            after = net.forward(X, moved)
        alignments = [
            _alignment(activity.inputs[layer - 1], D, deltas[layer]) for layer, D in tangent_features(net, moved, after)
        ]
        found.append(np.asarray(alignments[::-1]))
    return found


def predicted_alignment(
    X: Float[np.ndarray, "n d"], Y: Float[np.ndarray, "n c"], net: MLP, seed: int
) -> Float[Any, " l"]:
    """Evaluate the formula of the prediction at the weights of one network that starts as the zero function."""
    weights, biases = initial_parameters(net, seed, X.dtype)
    inputs, slopes, _ = forward(X, net, weights, biases)
    drawn = Drawn(weights[-1], inputs, slopes, Y, through(weights))
    return np.asarray(early_alignments(drawn, np.ones(len(X), X.dtype)))


def _moved(weights: tuple[Any, ...], gradients: tuple[Any, ...], rate: float) -> tuple[Any, ...]:
    return tuple(W - W.dtype.type(rate) * g for W, g in zip(weights, gradients, strict=True))


def _alignment(Z: Float[np.ndarray, "n m"], D: Float[np.ndarray, "n c k"], delta: Float[np.ndarray, "n k"]) -> float:
    """Align the NFM and the AGOP of the gradient ``dW = delta^T Z``, whose rank is at most n, in sample space.

    ``F = Z^T (delta delta^T) Z``, and with ``half = D delta^T``, ``G = Z^T (half^T half) Z``: nothing of the size of
    the weights is multiplied with anything of that size, which makes wide networks affordable.
    """
    half = _scaled(D.reshape(-1, D.shape[-1]) @ delta.T)
    S = _scaled(Z) @ _scaled(Z).T
    F, G = (delta @ delta.T) @ S, (half.T @ half) @ S
    FG, FF, GG = (float(np.sum(A * B.T)) for A, B in ((F, G), (F, F), (G, G)))
    return float(FG / np.sqrt(FF * GG))


def _scaled(A: Float[np.ndarray, "a b"]) -> Float[np.ndarray, "a b"]:
    """Give the largest entry size 1: an alignment has no scale, and float32 has a range."""
    return np.asarray(A / np.abs(A).max())
