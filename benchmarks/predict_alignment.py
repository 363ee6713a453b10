"""Time of `predict_alignment` beside eight products of n x n matrices on the same machine.

Run as ``python benchmarks/predict_alignment.py [n]``. The aim is a ratio of at most 1.3.
"""

import sys
import time

import numpy as np

import nfa_theory as nfa
from nfa_theory.predict import predict_alignment


def best_time(work, repeats=3):
    """Return the shortest of several wall-clock times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    """Print a table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = np.random.default_rng(0)
    print(f"{'dtype':8} {'activation':10} {'initial function':17} {'seconds':>8} {'eight products':>15} {'ratio':>6}")
    for dtype in (np.float64, np.float32):
        X = rng.standard_normal((n, 784)).astype(dtype)
        Y = np.eye(10, dtype=dtype)[rng.integers(10, size=n)]
        M = rng.standard_normal((n, n)).astype(dtype)
        N = rng.standard_normal((n, n)).astype(dtype)
        products = 8 * best_time(lambda M=M, N=N: M @ N)
        for activation in ("relu", "erf", "gelu"):
            net = nfa.MLP(widths=(784, 1024, 1024, 1024, 10), activation=activation)
            for start in ("zero", "average"):
                predict_alignment(X[:300], Y[:300], net, start)  # derive the duals before the clock runs
                seconds = best_time(lambda X=X, Y=Y, net=net, start=start: predict_alignment(X, Y, net, start), 2)
                row = f"{np.dtype(dtype).name:8} {activation:10} {start:17}"
                print(f"{row} {seconds:8.2f} {products:15.2f} {seconds / products:6.2f}")


if __name__ == "__main__":
    main()
