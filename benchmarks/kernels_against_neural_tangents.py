"""Kernels of infinitely wide networks beside those of neural-tangents, an independent implementation, in float64.

    python benchmarks/kernels_against_neural_tangents.py             greatest relative differences, side by side
    python benchmarks/kernels_against_neural_tangents.py write FILE  write the peer's values, which a test reads

Needs neural-tangents, which does not run with the newest JAX. What was used (Python 3.11):

    pip install neural-tangents==0.6.5 jax==0.4.30 jaxlib==0.4.30 tf2jax==0.3.6 "numpy<2.1"

The differences are relative to the geometric mean of the two diagonal entries: an entry itself may vanish.
"""

import json
import sys
import warnings
from importlib.metadata import version

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
warnings.filterwarnings("ignore", module="neural_tangents")  # that quadrature has an error: it is what is measured
from neural_tangents import stax  # noqa: E402  (the precision has to be set before)

import nfa_theory as nfa  # noqa: E402
from nfa_theory.predict.kernels.tangent_kernel import wide_kernels  # noqa: E402

QUADRATURE = 200
"""Nodes in each direction of the peer's Gauss-Hermite rule."""
LEAKY = 0.2

PEER = {
    "linear": stax.Identity,
    "relu": stax.Relu,
    f"leaky_relu:{LEAKY}": lambda: stax.LeakyRelu(LEAKY),
    "erf": stax.Erf,
    "gelu": stax.Gelu,
    "sin": stax.Sin,
    "cos": stax.Cos,
    "exp": stax.Exp,
    "quadratic": lambda: stax.Polynomial([0, 0, 1]),
    "cubic": lambda: stax.Polynomial([0, 0, 0, 1]),
    "hermite:3": lambda: stax.Polynomial(np.array([0, -3, 0, 1]) / np.sqrt(6)),
    "hermite:4": lambda: stax.Polynomial(np.array([3, 0, -6, 0, 1]) / np.sqrt(24)),
    "tanh": lambda: stax.ElementwiseNumerical(jax.numpy.tanh, QUADRATURE),
    "silu": lambda: stax.ElementwiseNumerical(jax.nn.silu, QUADRATURE),
    "softplus": lambda: stax.ElementwiseNumerical(jax.nn.softplus, QUADRATURE),
}
SCALINGS = {"ntk": (1.0, None), "he": (np.sqrt(2), None), "lecun": (1.0, 0.5)}
"""Standard deviations of a weight, times the root of the fan-in, and of a bias."""
CASES = [(name, depth, "ntk") for name in PEER for depth in (1, 2)]
CASES += [(name, 3, scaling) for name in ("relu", "erf", "gelu", "sin", "leaky_relu:0.2") for scaling in SCALINGS]


def samples():
    """Return inputs of different norms and directions, two of them parallel."""
    X = np.random.default_rng(0).standard_normal((6, 4)) * np.array([[0.3, 0.6, 0.9, 1.0, 1.2, 1.0]]).T
    X[5] = -0.5 * X[3]
    return X.round(3)


def peer(activation, depth, scaling, X):
    """Return ``Sigma^(0), ..., Sigma^(depth - 1)``, the covariance of the outputs, and the NTK."""
    W_std, b_std = SCALINGS[scaling]
    dense = stax.Dense(1, W_std, b_std, parameterization="ntk")
    hidden = [stax.serial(dense, PEER[activation]())] * depth
    grams = [X @ X.T / X.shape[1]]
    grams += [stax.serial(*hidden[:layer])[2](X, X, "nngp") for layer in range(1, depth)]
    whole = stax.serial(*hidden, dense)[2](X, X, ("nngp", "ntk"))
    return [np.asarray(each) for each in (*grams, whole.nngp, whole.ntk)]


def ours(activation, depth, scaling, X):
    """Return the same from this package."""
    b_std = SCALINGS[scaling][1]
    bias = {} if b_std is None else {"bias": True, "bias_std": b_std}
    kernels = wide_kernels(X, nfa.MLP((X.shape[1], *[8] * depth, 1), activation, scaling, **bias))
    return [*kernels.grams, kernels.outputs, kernels.ntk]


def difference(found, expected):
    """Return the greatest difference, relative to the diagonal."""
    scale = np.sqrt(np.outer(expected.diagonal(), expected.diagonal()))
    return float((abs(found - expected) / scale).max())


def show():
    """Print one row for each network."""
    X = samples()
    print("activation      depth  scaling  NNGP of layers  outputs  NTK: greatest relative difference")
    for case in CASES:
        pairs = zip(ours(*case, X), peer(*case, X), strict=True)
        *grams, outputs, ntk = (difference(found, expected) for found, expected in pairs)
        print(f"{case[0]:15} {case[1]:5}  {case[2]:7} {max(grams):15.1e} {outputs:8.1e} {ntk:8.1e}")


def write(path):
    """Write the peer's values, one triangle of each kernel, with their provenance."""
    X = samples()
    upper = np.triu_indices(len(X))
    packages = {name: version(name) for name in ("neural-tangents", "jax", "jaxlib", "numpy")}
    cases = [
        {"activation": name, "depth": depth, "scaling": scaling, "kernels": [each[upper].tolist() for each in kernels]}
        for name, depth, scaling in CASES
        for kernels in [peer(name, depth, scaling, X)]
    ]
    command = "python benchmarks/kernels_against_neural_tangents.py write FILE"
    content = {"made_with": packages, "command": command, "scalings": SCALINGS, "X": X.tolist(), "cases": cases}
    with open(path, "w") as file:  # noqa: PTH123
        lines = (json.dumps(case, separators=(",", ":")) for case in content.pop("cases"))
        file.write(json.dumps(content)[:-1] + ',\n"cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1:2] == ["write"] else show()
