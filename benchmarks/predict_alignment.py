"""Time and memory of `predict_alignment` beside eight products of n x n matrices on the same machine.

    python benchmarks/predict_alignment.py [n [activation ...]]

The aims: at most 1.3 times the time of the products, and never more than three n x n arrays. Times are medians of nine
runs, each between two products; from n = 4000 on of one. The memory is what is allocated at most, in units of one n x n
array, from a run of its own.
"""

import sys
import time
import tracemalloc

import numpy as np

import nfa_theory as nfa


def seconds(work):
    """Return the wall-clock time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(work, product, repeats):
    """Return the median time of the work, and of one product: products before and after each run."""
    times = [(seconds(product), seconds(work), seconds(product)) for _ in range(repeats)]
    return np.median([own for _, own, _ in times]), np.median([(before, after) for before, _, after in times])


def peak(work):
    """Return what is allocated at most, in bytes."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main():
    """Print a table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    activations = sys.argv[2:] or ["relu", "erf", "gelu"]
    rng = np.random.default_rng(0)
    print("dtype    activation initial function   seconds  eight products  ratio  n x n arrays")
    for dtype in (np.float64, np.float32):
        X = rng.standard_normal((n, 784)).astype(dtype)
        Y = np.eye(10, dtype=dtype)[rng.integers(10, size=n)]
        M, N = rng.standard_normal((2, n, n)).astype(dtype)
        for activation in activations:
            net = nfa.MLP(widths=(784, 1024, 1024, 1024, 10), activation=activation)
            for start in ("zero", "average"):

                def work(X=X, Y=Y, net=net, start=start):
                    nfa.predict_alignment(X, Y, net, start, method="exact")

                nfa.predict_alignment(X[:300], Y[:300], net, start)  # derive the duals before the clock runs
                own, one = in_turn(work, lambda M=M, N=N: M @ N, 9 if n < 4000 else 1)
                row = f"{np.dtype(dtype).name:8} {activation:10} {start:17} {own:8.2f} {8 * one:15.2f}"
                print(f"{row} {own / (8 * one):6.2f} {peak(work) / M.nbytes:13.2f}", flush=True)


if __name__ == "__main__":
    main()
