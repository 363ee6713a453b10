"""CuPy against NumPy: the same numbers, and a table of times; or PyTorch's arrays, where there is no GPU.

    python benchmarks/gpu.py [--namespace cupy | torch] [--samples 10000] [--width 1024]

A dry run on the host, in seconds: `--namespace torch --samples 500 --width 64`.

CuPy needs an NVIDIA GPU and the extra `gpu`; PyTorch computes where it can, on a GPU or on the host. Agreement: 1e-10
in float64, 1e-4 in float32, relative to the largest entry of each result. Exit status 1 if it does not hold, 2 if there
is no such namespace here. The activation is smooth: at ReLU's kink rounding decides a slope, and with it one sample's
part of K, which shows in float32 (5e-4 with 1000 samples).
"""

import argparse
import sys
import time

import numpy as np

from numerics import MLP, Measure, Parameters, features, pre_activation_tangent_kernel, ptf_covariances, simulate
from numerics.backend.arrays import to_host

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def open_namespace(name):
    """Return a way to make arrays, a way to wait for them, and the name of the device."""
    if name == "cupy":
        import cupy

        card = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        return cupy.asarray, cupy.cuda.Device().synchronize, f"{card}, CuPy {cupy.__version__}"
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_name(0)
        return (
            lambda array: torch.asarray(array, device="cuda"),
            torch.cuda.synchronize,
            f"{card}, PyTorch {torch.__version__}",
        )
    return torch.asarray, lambda: None, f"the host, {torch.get_num_threads()} threads, PyTorch {torch.__version__}"


def tasks(X, Y, net, weights):
    """Return what is timed and compared: name and function to a list of arrays."""

    def train(**options):
        settings = {"learning_rate": 0.1, "steps": 20, "batch_size": 128, "measure": 20} | options
        record = simulate(X, Y, net, initial_weights=weights, **settings)
        return [record[name].values for name in ("loss", "uc_nfa", "c_nfa")]

    return {
        "network": lambda: [net(X, weights)],
        "PTF covariances, all layers": lambda: list(ptf_covariances(X, net, weights)),
        "AGOP of layer 1, from Jacobians": lambda: [features(X, net, weights, 1).agop],
        "tangent kernel of 500 samples": lambda: [pre_activation_tangent_kernel(X[:500, :], net, weights, 1)],
        "20 steps of SGD, measured": train,
        "20 steps of Adam, measured": lambda: train(optimizer="adam", learning_rate=0.001),
        "20 steps of SLO, measured": lambda: train(optimizer="slo:1"),
        "20 steps of SGD, sketched": lambda: train(measure=Measure(20, combinations=1)),
    }


def timed(function, synchronize):
    """Return a second call's seconds and its result on the host."""
    function()
    synchronize()
    start = time.perf_counter()
    result = function()
    synchronize()
    return time.perf_counter() - start, [to_host(array) for array in result]


def compare(convert, synchronize, dtype, n, net):
    """Print the table of one dtype; return whether all agrees."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((n, net.inputs)).astype(dtype), np.eye(10, dtype=dtype)[rng.integers(0, 10, n)]
    weights = net.initialize(rng, dtype)
    moved = Parameters(tuple(convert(W) for W in weights.weights))
    host, other = tasks(X, Y, net, weights), tasks(convert(X), convert(Y), net, moved)
    held = True
    for name, function in host.items():
        host_s, expected = timed(function, lambda: None)
        other_s, result = timed(other[name], synchronize)
        error = max(
            float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a))) for a, b in zip(expected, result, strict=True)
        )
        held &= error <= TOLERANCE[dtype]
        print(f"{dtype:8} {name:34}{host_s:9.3f}{other_s:9.3f}{host_s / other_s:8.1f}x{error:10.1e}")
    return held


def main():
    """Compare in both dtypes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespace", choices=("cupy", "torch"), default="cupy")
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--activation", default="gelu")
    options = parser.parse_args()
    try:
        convert, synchronize, place = open_namespace(options.namespace)
    except Exception as error:  # not installed, no driver, no card: each fails in its own way
        needed = {"cupy": "CuPy and an NVIDIA GPU", "torch": "PyTorch"}[options.namespace]
        print(f"benchmarks/gpu.py needs {needed}, got {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
    net = MLP((784, options.width, options.width, 10), options.activation)
    print(f"NumPy {np.__version__} against {place}; n = {options.samples}, widths {net.widths}, {net.activation}")
    print(f"{'dtype':8} {'task':34}{'NumPy s':>9}{'other s':>9}{'faster':>9}{'error':>10}")
    held = [compare(convert, synchronize, dtype, options.samples, net) for dtype in TOLERANCE]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
