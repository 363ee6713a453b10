"""CuPy against NumPy: the same numbers, and a table of times.

    python benchmarks/gpu.py

Needs an NVIDIA GPU and the extra `gpu`. Agreement: 1e-10 in float64, 1e-4 in float32, relative to the largest entry.
Exit status 1 if it does not hold.
"""

import sys
import time

import numpy as np

from numerics import MLP, Parameters, features, ptf_covariances, simulate
from numerics.arrays import to_host

NET = MLP((784, 1024, 1024, 10))
N = 10000
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def tasks(X, Y, weights):
    """Return what is timed and compared: name and function to a list of arrays."""
    options = {"steps": 20, "batch_size": 128, "learning_rate": 0.1, "measure": [0], "initial_weights": weights}
    return {
        "PTF covariances, all layers": lambda: list(ptf_covariances(X, NET, weights)),
        "AGOP of layer 1, from Jacobians": lambda: [features(X, NET, weights, 1).agop],
        "20 steps of SGD, measured": lambda: [simulate(X, Y, NET, **{**options, "measure": 20}).uc_nfa.values],
        "20 steps of SLO, measured": lambda: [
            simulate(X, Y, NET, **{**options, "measure": 20, "optimizer": "slo:1"}).uc_nfa.values
        ],
    }


def timed(function, synchronize):
    """Return a second call's seconds and its result."""
    function()
    synchronize()
    start = time.perf_counter()
    result = function()
    synchronize()
    return time.perf_counter() - start, [to_host(array) for array in result]


def compare(cupy, dtype):
    """Print the table of one dtype; return whether all agrees."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((N, 784)).astype(dtype), np.eye(10, dtype=dtype)[rng.integers(0, 10, N)]
    weights = NET.initialize(rng, dtype)
    moved = Parameters(tuple(cupy.asarray(W) for W in weights.weights))
    host, gpu = tasks(X, Y, weights), tasks(cupy.asarray(X), cupy.asarray(Y), moved)
    held = True
    for name, function in host.items():
        cpu_s, expected = timed(function, lambda: None)
        gpu_s, result = timed(gpu[name], cupy.cuda.Device().synchronize)
        error = max(
            float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a))) for a, b in zip(expected, result, strict=True)
        )
        held &= error <= TOLERANCE[dtype]
        print(f"{dtype:8} {name:34}{cpu_s:9.3f}{gpu_s:9.3f}{cpu_s / gpu_s:8.1f}x{error:10.1e}")
    return held


def main():
    """Compare in both dtypes."""
    try:
        import cupy

        card = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    except Exception as error:  # no CuPy, no driver, no card: each fails in its own way
        sys.exit(f"benchmarks/gpu.py needs CuPy and an NVIDIA GPU, got {type(error).__name__}: {error}")
    print(f"{card}, CuPy {cupy.__version__}, NumPy {np.__version__}; n = {N}, widths {NET.widths}")
    print(f"{'dtype':8} {'task':34}{'CPU s':>9}{'GPU s':>9}{'faster':>9}{'error':>10}")
    held = [compare(cupy, dtype) for dtype in TOLERANCE]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
