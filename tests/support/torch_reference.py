"""The slow, transparent measurement: a loop over samples, Jacobians by `torch.func.jacrev`, m x m matrices.

A model is a function ``f(x, deltas)`` of one sample that adds ``deltas[name]`` to the pre-activations of a layer; the
derivative by the delta is D.
"""

import numpy as np
import torch


def covariance(f, samples, name, shape, units_axis, outputs=None):
    """``K = (1/n) sum_samples sum_positions D^T D`` of one layer, whose pre-activations of a sample have this shape."""
    total = 0
    for x in samples:
        D = torch.func.jacrev(lambda delta, x=x: f(x, {name: delta}).reshape(-1))(torch.zeros(shape))
        D = D.movedim(units_axis if units_axis < 0 else units_axis + 1, -1)
        D = D if outputs is None else D[outputs]
        D = D.reshape(-1, shape[units_axis])
        total = total + D.T @ D
    return (total / len(samples)).detach()


def hooked(model, batch_axis=0):
    """Make ``f(x, deltas)`` of a model whose layers are modules: deltas are added to what the modules return."""

    def f(x, deltas):
        handles = []
        for name, delta in deltas.items():
            add = lambda module, args, result, delta=delta: result + delta.unsqueeze(batch_axis)  # noqa: E731
            handles.append(model.get_submodule(name).register_forward_hook(add))
        try:
            return model(x.unsqueeze(batch_axis))
        finally:
            for handle in handles:
                handle.remove()

    return f


def alignments(W, W0, K, kind="cosine", power=1.0):
    """UC-NFA and C-NFA from m x m matrices."""
    W, W0, K = (np.asarray(A.detach().double()) for A in (W, W0, K))
    values = []
    for A in (W, W - W0):
        F, G = A.T @ A, A.T @ K @ A
        if power != 1.0:
            spectrum, modes = np.linalg.eigh(G)
            G = (modes * np.maximum(spectrum, 0) ** power) @ modes.T
        if kind == "pearson":
            F, G = F - F.mean(), G - G.mean()
        values.append(np.sum(F * G) / np.linalg.norm(F) / np.linalg.norm(G))
    return values


def changed(model, seed=1, size=0.1):
    """A copy of a model with other weights."""
    import copy

    other = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(size * torch.randn(parameter.shape, generator=generator))
    return other
