"""NNGP and tangent kernels against neural-tangents, whose values are kept in a file.

`benchmarks/kernels_against_neural_tangents.py` made it and names the versions; nothing of this package went into it.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP, wide_kernels
from numerics import pre_activation_tangent_kernel

REFERENCE = json.loads((Path(__file__).parent / "references" / "neural_tangents.json").read_text())
X = np.array(REFERENCE["X"])
UPPER = np.triu_indices(len(X))
QUADRATURE = ("tanh", "silu", "softplus")
NAMES = [f"{case['activation']}-{case['depth']}-{case['scaling']}" for case in REFERENCE["cases"]]


def theirs(case):
    """Sigma^(0), ..., Sigma^(depth - 1), the covariance of the outputs, the NTK."""
    kernels = np.zeros((len(case["kernels"]), len(X), len(X)))
    kernels[:, *UPPER] = kernels[:, *UPPER[::-1]] = case["kernels"]
    return kernels


def network(case, scaling):
    bias_std = REFERENCE["scalings"][scaling][1]
    bias = {} if bias_std is None else {"bias": True, "bias_std": bias_std}
    return MLP((4, *[8] * case["depth"], 1), case["activation"], scaling, **bias)


def distance(found, expected):
    """Greatest difference, relative to the diagonal: an entry of a kernel may vanish."""
    d = np.sqrt(expected.diagonal())
    return (abs(found - expected) / np.outer(d, d)).max()


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=NAMES)
def test_all_kernels_agree(case):
    expected, kernels = theirs(case), wide_kernels(X, network(case, case["scaling"]))
    tolerance = 1e-6 if case["activation"] in QUADRATURE else 1e-8
    for found, reference in zip((*kernels.grams, kernels.outputs, kernels.ntk), expected, strict=True):
        assert distance(found, reference) <= tolerance
        assert distance(found + 0.02 * reference.mean(), reference) > tolerance
    missing = [S * kappa for S, kappa in zip(kernels.grams, kernels.tangents, strict=True)]
    assert all(distance(kernels.ntk - each, expected[-1]) > 1e-3 for each in missing)  # no layer is superfluous


@pytest.mark.parametrize("case", [case for case in REFERENCE["cases"] if case["depth"] == 3])
def test_networks_of_another_scaling_are_refused(case):
    other = next(scaling for scaling in REFERENCE["scalings"] if scaling != case["scaling"])
    kernels = wide_kernels(X, network(case, other))
    assert distance(kernels.outputs, theirs(case)[-2]) > 1e-3
    assert distance(kernels.ntk, theirs(case)[-1]) > 1e-3


def test_tangent_kernels_have_the_size_that_networks_have():
    """kappa of layer l against the mean of D D^T over wide networks of `numerics`; z-tests at 1e-4 each, 45 entries."""
    net = MLP((4, 300, 300, 1), "erf", "he")
    rng, layer = np.random.default_rng(0), 1
    drawn = np.array([pre_activation_tangent_kernel(X, net, net.initialize(rng), layer)[:, 0, :, 0] for _ in range(60)])
    error = drawn.std(axis=0, ddof=1) / np.sqrt(60)
    bound = stats.norm.isf(0.5e-4)
    expected = wide_kernels(X, net).tangents[0]
    assert np.all(abs(drawn.mean(axis=0) - expected) <= bound * error)
    assert np.any(abs(drawn.mean(axis=0) - 1.1 * expected) > bound * error)
