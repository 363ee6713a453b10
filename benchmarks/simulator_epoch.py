"""An epoch of SGD against the plain PyTorch loop: the same network, the same batches, the same losses.

Beside it, what bounds any loop over NumPy: the matrix products alone, and an epoch of nothing but NumPy calls, written
for this one network, with samples next to each other in memory, as its BLAS likes best.
"""

import itertools

import numpy as np
import torch
from simulator_timing import by_turns, report

from numerics import MLP, initial_parameters
from numerics.backend.allocation import keep_freed_memory
from numerics.networks.ensembles import stack
from numerics.networks.losses import find_loss
from numerics.networks.samples import check_samples
from numerics.optimizers import Descent, Step
from numerics.training.batches import Batches

N, BATCH, RATE = 10000, 128, 0.05
WIDTHS = (784, 256, 256, 256, 256, 256, 10)
NET = MLP(WIDTHS, parametrization="he")


def epoch(repeats):
    """Compare an epoch."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, 784), dtype=np.float32)
    Y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, N)]
    order = rng.permutation(N)
    batches = [order[start : start + BATCH] for start in range(0, N, BATCH)]
    initial = initial_parameters(NET, 0, np.float32)
    keep_freed_memory()  # as `simulate` does; PyTorch's loop in this process has the use of it too
    loops = {
        "PyTorch loop": lambda: theirs(X, Y, batches, initial),
        "this package": lambda: ours(X, Y, batches, initial),
        "bare NumPy": lambda: bare(X, Y, batches, initial),
    }
    results = {name: loop() for name, loop in loops.items()}
    seconds = by_turns(loops | {"products alone": lambda: products(batches)}, repeats)
    report(f"an epoch of SGD: n = {N}, batch {BATCH}, widths {WIDTHS}", seconds, "PyTorch loop", ">= 1.6x, package")
    weights, total = results.pop("PyTorch loop")
    for name, (others, other_total) in results.items():
        gap = max(float(np.abs(a - b).max()) for a, b in zip(weights, others, strict=True))
        print(
            f"sum of losses, {name}: {other_total:.6f}, PyTorch: {total:.6f}; largest difference of a weight {gap:.1e}"
        )


def ours(X, Y, batches, initial):
    """Train with this package: the loop of `simulate` without its measurements."""
    samples = check_samples(X, Y, NET)
    data = Batches(NET, samples, None, find_loss("mse_mean", samples.Y), [initial], 0.0)
    parameters, optimizer, total = stack([initial]), Descent(), 0.0
    for number, rows in enumerate(batches, start=1):
        step = Step(number, [RATE] * (NET.depth + 1))
        losses = optimizer.advance(lambda at, b=rows[None]: data.loss_and_gradients(at, b), parameters, [], step)
        total += float(losses[0])
    return [W[0] for W in parameters.weights], total


def theirs(X, Y, batches, initial):
    """Train with PyTorch."""
    layers = []
    for W in initial.weights:
        linear = torch.nn.Linear(W.shape[1], W.shape[0], bias=False)
        linear.weight.data = torch.from_numpy(W.copy())
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=RATE), torch.nn.MSELoss()
    inputs, labels, total = torch.from_numpy(X), torch.from_numpy(Y), 0.0
    for rows in batches:
        optimizer.zero_grad()
        value = loss(model(inputs[rows]), labels[rows])
        value.backward()
        optimizer.step()
        total += value.item()
    return [linear.weight.detach().numpy() for linear in model[::2]], total


def bare(X, Y, batches, initial):
    """Train with NumPy calls alone: no checks, no choices, the learning rate in the last gradient."""
    weights, total = [W.copy() for W in initial.weights], 0.0
    zeros = np.zeros((max(WIDTHS[1:]), BATCH), np.float32)
    for rows in batches:
        z = [X[rows].T]
        for W in weights[:-1]:
            h = W @ z[-1]
            z.append(np.maximum(h, zeros[: len(h), : len(rows)], out=h))
        delta = weights[-1] @ z[-1] - Y[rows].T
        total += float(np.vdot(delta, delta)) / delta.size
        delta *= np.float32(2 * RATE / delta.size)
        steps = []
        for W, a in zip(weights[:0:-1], z[:0:-1], strict=True):
            steps.append(delta)
            delta = W.T @ delta
            delta *= (a > 0).astype(np.float32)
        for W, step, a in zip(weights, (delta, *reversed(steps)), z, strict=True):
            W -= step @ a.T
    return weights, total


def products(batches):
    """Do the matrix products of an epoch's full batches and nothing else."""
    b = len(batches[0])
    shapes = [((m, b), (k, m), (k, b)) for m, k in itertools.pairwise(WIDTHS)]
    z, weights, deltas = ([np.ones(shape, np.float32) for shape in group] for group in zip(*shapes, strict=True))
    z[0] = np.ones((b, WIDTHS[0]), np.float32).T  # inputs are rows
    for _ in range(N // BATCH):
        for layer, (a, W, delta) in enumerate(zip(z, weights, deltas, strict=True)):
            W @ a
            delta @ a.T
            if layer:
                W.T @ delta
