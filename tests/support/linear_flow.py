"""Gradient flow of a deep linear network, sample by sample, integrated to high precision; nothing of the package."""

from functools import reduce
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp


def draw(sizes, samples, seed):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in pairwise(sizes)]
    return weights, rng.standard_normal((samples, sizes[0])), rng.standard_normal((samples, sizes[-1]))


def product(matrices, size):
    return reduce(lambda below, W: W @ below, matrices, np.eye(size))


def descent(weights, X, Y):
    """Minus the gradient of ``(1/2n) sum |y - f|^2`` for each layer."""
    R = Y - X @ product(weights, X.shape[1]).T
    parts = []
    for i, W in enumerate(weights):
        above, below = product(weights[i + 1 :], W.shape[0]), product(weights[:i], X.shape[1])
        parts.append((R @ above).T @ (X @ below.T) / len(X))
    return parts


def trained(weights, X, Y, times, velocity=descent):
    """The weights at some times."""
    shapes = [W.shape for W in weights]
    cuts = np.cumsum([W.size for W in weights])[:-1]

    def unpack(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)]

    def rhs(_, flat):
        return np.concatenate([V.ravel() for V in velocity(unpack(flat), X, Y)])

    start = np.concatenate([W.ravel() for W in weights])
    run = solve_ivp(rhs, (0, max(times)), start, "DOP853", t_eval=times, rtol=3e-14, atol=1e-16)
    return [unpack(flat) for flat in run.y.T]


def cosine(A, B):
    return np.sum(A * B) / (np.linalg.norm(A) * np.linalg.norm(B))


def nfm_and_agop(V, weights, layer):
    """``V^T V`` and ``V^T K V`` for a matrix ``V`` in the place of a layer: its weights, or their change."""
    B = product(weights[layer:], V.shape[0])
    return V.T @ V, (B @ V).T @ (B @ V)
