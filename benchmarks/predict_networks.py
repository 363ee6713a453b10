"""Time to draw a random network and align its layers, from what the samples see of it beside all of its weights.

    python benchmarks/predict_networks.py [width ...]

Three hidden ReLU layers, ten outputs; rows are samples times outputs. Both are drawn in turn; times are medians of
five. The aim: the choice between the two (`SeenNetwork.is_cheaper`) is the faster one.
"""

import sys
from time import perf_counter
from unittest.mock import patch

import numpy as np

import nfa_theory as nfa
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.width.random_network import alignments_on_all
from nfa_theory.predict.width.seen_network import SeenNetwork

SHARES = (0.15, 0.3, 0.5, 0.75, 1.0)


def seconds(problem, seen, seed):
    """Return the wall-clock time of one network."""
    with patch.object(SeenNetwork, "is_cheaper", lambda net, samples: seen):
        start = perf_counter()
        alignments_on_all(problem, np.random.default_rng(seed))
        return perf_counter() - start


def main():
    """Print a table."""
    widths = [int(width) for width in sys.argv[1:]] or [1024, 4096]
    rng = np.random.default_rng(0)
    print("dtype    width  rows / width  whole weights  what is seen  ratio  chosen")
    for dtype in (np.float32, np.float64):
        for width in widths:
            net = nfa.MLP((784, width, width, width, 10))
            for share in SHARES:
                n = round(share * width / 10)
                X = rng.standard_normal((n, 784)).astype(dtype)
                Y = np.eye(10, dtype=dtype)[np.arange(n) % 10]
                problem = read_problem(X, Y, net, None, "mse", None)
                chosen = "seen" if SeenNetwork.is_cheaper(net, n) else "whole"
                seconds(problem, True, 0)  # allocate before the clock runs
                times = [(seconds(problem, False, seed), seconds(problem, True, seed)) for seed in range(5)]
                whole, seen = np.median(times, axis=0)
                row = f"{np.dtype(dtype).name:8} {width:5} {n * 10 / width:13.2f} {whole:14.3f} {seen:13.3f}"
                print(f"{row} {whole / seen:6.2f}  {chosen}", flush=True)


if __name__ == "__main__":
    main()
