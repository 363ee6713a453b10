"""Mean at finite width on data with a rare class: how often the error covers the truth, over data sets of one kind.

    python benchmarks/predict_rare_class.py [data sets] [samples]

The truth is the mean over `NETWORKS` networks of `numerics`: one step of gradient descent from the zero function on all
samples, whose features are measured from their definitions. Two predictions: from all samples, and from parts of 1024.
"""

import sys

import numpy as np

import nfa_theory as nfa
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.progress import silent
from nfa_theory.predict.width import many_samples
from nfa_theory.predict.width.finite_width import finite_width

NETWORKS = 64
NET = nfa.MLP((15, 64, 64, 2), "relu")


def data_set(seed, n):
    """Draw inputs of two classes, of which one is rare and stands apart."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, 15)), (rng.random(n) < 0.02).astype(int)
    X[:, 0] += 3 * y
    return X, np.eye(2)[y]


def measured(X, Y, seed):
    """Measure the C-NFA of the first layer after one small step of one network, its own function subtracted."""
    parameters = NET.initialize(np.random.default_rng([seed, 7]))
    passed = NET.forward(X, parameters)
    W1, W2, W3 = (scale * W for scale, W in zip(NET.multipliers, parameters.weights, strict=True))
    first, second = (h > 0 for h in (X @ W1.T, passed.inputs[1] @ W2.T))
    change, K = 0, 0
    for i in range(2):
        D = ((second * W3[i]) @ W2) * first
        change, K = change + (Y[:, i : i + 1] * D).T @ X, K + D.T @ D / len(X)
    return nfa.alignment(change.T @ change, change.T @ K @ change)


def main(count=20, n=4000):
    """Print a line for each data set, and the coverage."""
    scores = []
    for seed in range(1, count + 1):
        X, Y = data_set(seed, n)
        values = [measured(X, Y, each) for each in range(NETWORKS)]
        truth, error = np.mean(values), np.std(values, ddof=1) / NETWORKS**0.5
        row = []
        for work in (many_samples.WORK, 0):
            kept, many_samples.WORK = many_samples.WORK, work
            found = finite_width(read_problem(X, Y, NET, "zero"), 32, np.random.default_rng([0, 1]), silent)
            row.append((found.mean[0], found.mean_error[0]))
            many_samples.WORK = kept
        scores.append([(mean - truth) / np.hypot(own, error) for mean, own in row])
        shown = "   ".join(f"{mean:.4f} +- {own:.4f}" for mean, own in [(truth, error), *row])
        print(f"{seed:3d}   {shown}   z {scores[-1][0]:+.2f} {scores[-1][1]:+.2f}", flush=True)
    for name, z in zip(("all samples", "parts of 1024"), np.array(scores).T, strict=True):
        within = [np.sum(abs(z) <= bound) for bound in (1, 2, 3)]
        print(f"{name}: mean z {z.mean():+.2f}, deviation {z.std(ddof=1):.2f}, {within} of {count} within 1, 2, 3")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
