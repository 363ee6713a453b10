"""The limit on 60000 images from pairs of subsets: time, memory, error, and the exact route where it is affordable.

NFA_DATA=... python benchmarks/predict_subsets.py [data set [exact samples]]
"""

import resource
import sys
from time import perf_counter

import numpy as np

import nfa_theory as nfa


def main():
    """Print one row for each activation and size."""
    name, few = (*sys.argv[1:], "mnist", "2000")[:2] if len(sys.argv) != 2 else (sys.argv[1], "2000")
    data = nfa.load_dataset(name)
    X, Y = data.X.astype(np.float32), data.Y.astype(np.float32)
    del data
    print("activation  samples  method   seconds  limit by layer (relative standard error)")
    for activation in ("relu", "erf", "gelu"):
        net = nfa.MLP((X.shape[1], 1024, 1024, 1024, Y.shape[1]), activation)
        nfa.predict_alignment(X[:100], Y[:100], net, "zero")  # derive the duals before the clock runs
        for n, method in ((int(few), "exact"), (int(few), "subsets"), (len(X), "subsets")):
            start = perf_counter()
            p = nfa.predict_alignment(X[:n], Y[:n], net, "zero", method=method)
            seconds = perf_counter() - start
            cells = (f"{a:.4f} ({e / a:.2%})" for a, e in zip(p.limit, p.limit_error, strict=True))
            print(f"{activation:11} {n:7}  {method:8} {seconds:7.1f}  {'  '.join(cells)}", flush=True)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
