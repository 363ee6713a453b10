"""PTF covariances of five hidden layers: exact, and by random combinations of the outputs."""

import itertools
import statistics
import tracemalloc

import numpy as np
import torch
from simulator_timing import by_turns, ratio, report
from torch.func import jacrev, vmap

from numerics import MLP
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.sketch import sketch
from numerics.networks.parameters import Parameters

N, WIDTHS = 10000, (784, 256, 256, 256, 256, 256, 10)
NET = MLP(WIDTHS)


def setting():
    """Draw inputs, initial and moved weights."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, WIDTHS[0]), dtype=np.float32)
    initial = NET.initialize(rng, np.float32)
    moved = Parameters(tuple(W + 0.5 * rng.standard_normal(W.shape, dtype=np.float32) for W in initial.weights))
    return X, initial, moved


def operations():
    """Count multiplications and additions: forward, backward, and symmetric products at k (k + 1) a row."""
    c = WIDTHS[-1]
    pairs = list(itertools.pairwise(WIDTHS))
    forward = sum(2 * a * b for a, b in pairs)
    backward = sum(2 * c * a * b for a, b in pairs[1:-1])
    plain = sum(c * k * (k + 1) for k in WIDTHS[1:-1])
    # The last hidden layer's sum is elementwise in A^T A: one row a sample instead of c.
    done = plain - (c - 1) * WIDTHS[-2] * (WIDTHS[-2] + 1)
    return N * (forward + backward + plain), N * (forward + backward + done)


def torch_covariances(X, weights, chunk=500):
    """Do the same with vmap(jacrev), as its users would write it: jacobians at the pre-activations, in chunks."""
    X, weights = torch.from_numpy(X), [torch.from_numpy(W) for W in weights]
    depth = len(weights) - 1
    totals = [torch.zeros(W.shape[0], W.shape[0], dtype=torch.float64) for W in weights[:-1]]

    def outputs(shifts, x):
        z = x
        for W, shift in zip(weights[:-1], shifts, strict=True):
            z = torch.relu(torch.nn.functional.linear(z, W) / W.shape[1] ** 0.5 + shift)
        return torch.nn.functional.linear(z, weights[-1]) / weights[-1].shape[1] ** 0.5

    zeros = tuple(torch.zeros(W.shape[0]) for W in weights[:-1])
    jacobians = vmap(jacrev(outputs), in_dims=(None, 0))
    for start in range(0, len(X), chunk):
        for total, D in zip(totals, jacobians(zeros, X[start : start + chunk]), strict=True):
            rows = D.reshape(-1, D.shape[-1])
            total += (rows.T @ rows).double()
    return [(totals[i] / len(X)).numpy() for i in range(depth)]


def sgemm_rate():
    """Return a product that shows what the machine can do."""
    A = np.random.default_rng(0).standard_normal((2048, 2048), dtype=np.float32)
    return lambda: A @ A


def exact(repeats):
    """Compare exact measurements."""
    X, _, moved = setting()
    ours = outputs_and_ptf_covariances(X, NET, moved)[1]
    theirs = torch_covariances(X, moved.weights)
    error = max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(ours, theirs, strict=True))
    functions = {
        "PyTorch vmap(jacrev)": lambda: torch_covariances(X, moved.weights),
        "this package": lambda: outputs_and_ptf_covariances(X, NET, moved),
        "sgemm, 2048 cubed": sgemm_rate(),
    }
    seconds = by_turns(functions, repeats)
    sgemm = seconds.pop("sgemm, 2048 cubed")
    report(f"PTF covariances, exact: n = {N}, widths {WIDTHS}", seconds, "PyTorch vmap(jacrev)", ">= 1.6x")
    plain, done = operations()
    rate = 2 * 2048**3
    shares = [
        statistics.median(count / rate * g / t for t, g in zip(seconds["this package"], sgemm, strict=True))
        for count in (plain, done)
    ]
    print(
        f"sgemm {rate / statistics.median(sgemm) / 1e9:.0f} GFLOP/s; of it, counting symmetric products of all layers: "
        f"{shares[0]:.0%} (wanted >= 80%); counting only what is computed: {shares[1]:.0%}"
    )
    tracemalloc.start()
    outputs_and_ptf_covariances(X, NET, moved)
    print(
        f"largest relative difference from PyTorch {error:.1e}; "
        f"peak above the data {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB (wanted < 100 MB)"
    )
    tracemalloc.stop()


def sketched(repeats):
    """Compare the times of sketched measurements; `simulator_sketch_errors` has their errors."""
    X, _, moved = setting()
    rng = np.random.default_rng(1)
    seconds = by_turns(
        {
            "PyTorch vmap(jacrev)": lambda: torch_covariances(X, moved.weights),
            "exact": lambda: outputs_and_ptf_covariances(X, NET, moved),
            "one combination": lambda: sketch(X, NET, moved, rng),
            "two combinations": lambda: sketch(X, NET, moved, rng, 2),
        },
        repeats,
    )
    report("PTF covariances by random combinations", seconds, "PyTorch vmap(jacrev)", ">= 8x for one combination")
    print(f"one combination is {ratio(seconds['exact'], seconds['one combination']):.1f}x faster than exact")
