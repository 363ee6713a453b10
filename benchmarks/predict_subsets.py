"""The limit on 60000 images from pairs of subsets: time, memory, error, and the exact route where it is affordable.

    NFA_DATA=... python benchmarks/predict_subsets.py [data set [exact samples [activation ...]]]

z is the difference to the exact route over the standard error, which both have where the function is random. The aim:
1% in a minute and 4 GB.
"""

import resource
import sys
from time import perf_counter

import numpy as np

import nfa_theory as nfa
from nfa_theory.predict.limit.sample_weights import effective_number, sample_weights
from nfa_theory.predict.problem.problem import read_problem


def row(activation, start, n, method, p, seconds, exact=None):
    """Print what was found, and how far it is from what is exact."""
    cells = [f"{a:.4f} ({e / a:.2%})" for a, e in zip(p.limit, p.limit_error, strict=True)]
    if exact is not None:
        deviations = (p.limit - exact.limit) / np.hypot(p.limit_error, exact.limit_error)
        cells.append("z " + " ".join(f"{z:+.1f}" for z in deviations))
    print(f"{activation:11} {start:8} {n:6}  {method:8} {seconds:7.1f}  {'  '.join(cells)}", flush=True)


def main():
    """Print one row for each activation, initial function and size."""
    name, few, *activations = (*sys.argv[1:], *("mnist", "2000")[len(sys.argv) - 1 :])
    few, activations = int(few), activations or ["relu", "erf", "gelu", "tanh", "quadratic"]
    data = nfa.load_dataset(name)
    X, Y = data.X.astype(np.float32), data.Y.astype(np.float32)
    del data
    order = np.random.default_rng(0).permutation(len(X))[:few]
    print("activation  function samples method   seconds  limit by layer (relative standard error)")
    for activation in activations:
        net = nfa.MLP((X.shape[1], 1024, 1024, 1024, Y.shape[1]), activation)
        nfa.predict_alignment(X[:100], Y[:100], net, "zero")  # derive the duals before the clock runs
        for start in ("zero", "average"):
            exact = None
            for n, chosen, method in ((few, order, "exact"), (few, order, "subsets"), (len(X), slice(None), "subsets")):
                begin = perf_counter()
                p = nfa.predict_alignment(X[chosen], Y[chosen], net, start, method=method)
                row(activation, start, n, method, p, perf_counter() - begin, exact if n == few else None)
                exact = p if method == "exact" else exact
            count = effective_number(sample_weights(read_problem(X, Y, net, start, "mse", None)))
            print(f"{'':20} {len(X):6}  scatter like {count:.0f} of equal weight")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
