"""The leading-order C-NFA of one random network of finite width, from its tangent features at initialization.

For given weights ``dW`` is proportional to ``sum_mu D_mu^T R_mu z_mu^T``, and ``K`` to ``sum_mu D_mu^T D_mu`` over all
samples. No step is taken and no derivative approximated.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.limit.leading_order import cosine
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.seen_network import SeenNetwork
from numerics import MLP


class Drawn(NamedTuple):
    """A random network on some samples.

    Parameters
    ----------
    readout : (c, width) array
        Weights of the outputs.
    inputs, slopes : list of array
        From `forward`.
    R : (n, c) array
        Residuals.
    pull_back : callable
        ``pull_back(layer, D)`` is ``D W / sqrt(fan_in)``, for rows `D` over the units of a layer above the first.
    """

    readout: Any
    inputs: list[Any]
    slopes: list[Any]
    R: Any
    pull_back: Callable[[int, Any], Any]


def draw(problem: Problem, rng: np.random.Generator, chosen: Any = slice(None)) -> Drawn:
    """Draw a network and run it."""
    X, net = problem.inputs(chosen), problem.net
    pull_back: Callable[[int, Any], Any]
    if SeenNetwork.is_cheaper(net, len(X)):
        seen = SeenNetwork(X, net, rng)
        readout, inputs, slopes, f, pull_back = seen.readout, seen.inputs, seen.slopes, seen.outputs, seen.pull_back
    else:
        weights, biases = net.initialize(rng, problem.Y.dtype)
        inputs, slopes, f = forward(X, net, weights, biases)
        readout, pull_back = weights[-1], through(weights)
    R = problem.residuals_of(chosen, f) if problem.has_own_function else problem.R[chosen]
    return Drawn(readout, inputs, slopes, R, pull_back)


def through(weights: tuple[Any, ...]) -> Callable[[int, Any], Any]:
    """Go back through known weights."""

    def pull_back(layer: int, D: Any) -> Any:
        W = weights[layer - 1]
        return D @ (W * W.dtype.type(W.shape[1] ** -0.5))

    return pull_back


def alignments_on_all(problem: Problem, rng: np.random.Generator) -> Float[np.ndarray, " depth"]:
    """Compute the C-NFA of every layer of one network after a step on all samples."""
    everyone = np.ones(problem.n, problem.Y.dtype)
    return np.array(early_alignments(draw(problem, rng), everyone))


def forward(
    X: Float[np.ndarray, "n d"], net: MLP, weights: tuple[Any, ...], biases: tuple[Any, ...]
) -> tuple[list[Any], list[Any], Any]:
    """Run a network."""
    inputs, slopes = [X], []
    for layer, W in enumerate(weights):
        h = inputs[-1] @ (W.dtype.type(net.multipliers[layer]) * W).T
        if biases:
            h += biases[layer]
        if layer < net.depth:
            inputs.append(net.activation(h))
            slopes.append(net.activation.derivative(h))
    return inputs[:-1], slopes, h


def tangent_features(drawn: Drawn) -> Iterator[tuple[int, Float[np.ndarray, "n c k"]]]:
    """Differentiate the outputs by the pre-activations of each hidden layer, from the last to the first."""
    n, c = drawn.R.shape
    back = np.broadcast_to(drawn.readout, (n, *drawn.readout.shape))
    for layer in range(len(drawn.slopes), 0, -1):
        D = drawn.slopes[layer - 1][:, None, :] * back
        yield layer, D
        if layer > 1:
            back = drawn.pull_back(layer, D.reshape(n * c, -1)).reshape(n, c, -1)


def early_alignments(drawn: Drawn, stands_for: Float[np.ndarray, " n"]) -> list[float]:
    """Compute the C-NFA of every hidden layer at leading order."""
    values = []
    for layer, D in tangent_features(drawn):
        delta = np.einsum("ni,nik->kn", drawn.R, D)
        rows = (D * np.sqrt(stands_for)[:, None, None]).reshape(-1, D.shape[2])
        values.append(_alignment(delta, drawn.inputs[layer - 1], rows, layer))
    return values[::-1]


def _alignment(delta: Any, Z: Any, D: Any, layer: int) -> float:
    """Align ``dW^T dW`` with ``dW^T D^T D dW``, ``dW = delta Z``, in the smallest of samples, inputs and units."""
    delta = delta / (abs(delta).max() or 1)
    if len(Z) < min(len(delta), Z.shape[1]):
        S, half = Z @ Z.T, D @ delta
        F, G = (delta.T @ delta) @ S, (half.T @ half) @ S
        return cosine(float(np.sum(F * G.T)), float(np.sum(F * F.T)), float(np.sum(G * G.T)), layer)
    return alignment_of_change(delta @ Z, D, layer)


def alignment_of_change(dW: Any, D: Any, layer: int) -> float:
    """Align ``dW^T dW`` with ``dW^T D^T D dW`` in the smaller of inputs and units."""
    if dW.shape[1] < dW.shape[0]:
        F, half = dW.T @ dW, D @ dW
        G = half.T @ half
        return cosine(float(np.sum(F * G)), float(np.sum(F * F)), float(np.sum(G * G)), layer)
    C = dW @ dW.T
    M = C @ (D.T @ D)
    return cosine(float(np.sum(M * C)), float(np.sum(C * C)), float(np.sum(M * M.T)), layer)
