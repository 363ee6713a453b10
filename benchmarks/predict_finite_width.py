"""Predicted mean and spread of the early C-NFA beside networks that were run, on Fashion-MNIST images, by width.

    python benchmarks/predict_finite_width.py [samples [seeds]]

Measured: the gradient of each of so many random networks, with numerics' backpropagation and PTF covariances.
Predicted: from the data and other random networks (`predict_alignment`). z is the difference of the means over its
standard error.
"""

import sys
from time import perf_counter

import numpy as np

import nfa_theory as nfa
from nfa_theory.reproduce.early_step import early_alignment

HIDDEN = [(width,) * depth for depth in (1, 2, 3) for width in (64, 256, 512)]


def main():
    """Print one row for each layer, and the greatest difference."""
    samples, seeds = (int(each) for each in (*sys.argv[1:], "60", "30")[:2])
    data = nfa.load_dataset("fashion_mnist_subset", train=samples)
    X, Y = data.X.astype(np.float64), data.Y.astype(np.float64)
    print(
        "activation  hidden        layer   limit  predicted mean    measured mean      z  predicted std  measured std"
    )
    worst, count, start = 0.0, 0, perf_counter()
    for activation in ("relu", "erf", "gelu", "tanh", "quadratic"):
        for hidden in HIDDEN:
            net = nfa.MLP((784, *hidden, 10), activation, zero_initial_function=True)
            p = nfa.predict_alignment(X, Y, net)
            runs = np.array([early_alignment(X, Y, net, seed) for seed in range(seeds)])
            mean, std = runs.mean(axis=0), runs.std(axis=0, ddof=1)
            error = std / np.sqrt(seeds)
            z = (mean - p.mean) / np.hypot(error, p.mean_error)
            worst, count = max(worst, abs(z).max()), count + len(z)
            for i, layer in enumerate(p.layers):
                print(
                    f"{activation:11} {'x'.join(map(str, hidden)):12} {layer:6} {p.limit[i]:7.4f} "
                    f"{p.mean[i]:7.4f} +-{p.mean_error[i]:.4f} {mean[i]:7.4f} +-{error[i]:.4f} {z[i]:6.2f} "
                    f"{p.std[i]:8.4f} {std[i]:14.4f}"
                )
    print(f"{count} comparisons, greatest |z| {worst:.2f}, {perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
