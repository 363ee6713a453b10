"""Every public function that takes arrays, on array_api_strict and, where it is installed, on PyTorch."""

import array_api_strict
import numpy as np
import pytest

import numerics
from numerics import MLP, initial_parameters
from numerics.backend.arrays import to_host
from numerics.networks.parameters import Parameters

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4))
Y = np.eye(3)[RNG.integers(0, 3, 12)]
NET = MLP((4, 6, 5, 3), "tanh", bias=True, bias_std=0.1)
START, LATER = (initial_parameters(NET, seed) for seed in (0, 1))
A, B = (M @ M.T for M in RNG.standard_normal((2, 4, 4)))
W, W0 = START.weights[0] + 0.1 * RNG.standard_normal((6, 4)), START.weights[0]
K = (lambda M: M @ M.T)(RNG.standard_normal((6, 6)))

# Name, and arguments of which arrays and parameters are converted.
CALLS = {
    "alignment": (A, B, "pearson", 0.5),
    "centered_agop": (W, W0, K),
    "centered_nfm": (W, W0),
    "features": (X, NET, START, 2),
    "measure_layer": (W, W0, K, "pearson"),
    "measure": (X, NET, START, LATER),
    "neural_feature_matrix": (W,),
    "pre_activation_tangent_kernel": (X, NET, START, 1),
    "ptf_covariances": (X, NET, START),
}
ELSEWHERE = {
    "simulate": "test_namespaces_training.py",
    "MLP": "below",
    "ConvNet": "networks/convolution/test_convnet.py",
    "fact": "feature_matrices/test_measure.py",
    "Activation": "test_namespaces.py",
}
WITHOUT_ARRAYS = {
    "Conv",
    "MeanPool",
    "Residual",
    "initial_parameters",
    "load_dataset",
    "load_record",
    "read_data",
    "save_record",
    "synthetic_dataset",
}


def strict():
    return array_api_strict.asarray


def torch():
    return pytest.importorskip("torch", reason="torch is an optional extra").asarray


def moved(value, convert):
    if isinstance(value, Parameters):
        return Parameters(tuple(map(convert, value.weights)), tuple(map(convert, value.biases)))
    return convert(value) if isinstance(value, np.ndarray) else value


def numbers(result):
    # A result as a list of host arrays: an array, a number, a tuple of either, or a data set.
    parts = result if isinstance(result, tuple) else (result,)
    if type(result).__name__ == "Features":
        parts = (result.nfm, result.agop, result.ptf_covariance)
    if type(result).__name__ == "Dataset":
        parts = [each.values for each in result.data_vars.values()]
    return [to_host(part) if hasattr(part, "shape") else np.asarray(part) for part in parts]


def test_every_public_name_is_covered():
    functions = {name for name in numerics.__all__ if callable(getattr(numerics, name))}
    types = {"DataSet", "DataWarning", "DivergenceError", "Features", "InputError", "LayerMeasurement", "Measure"}
    assert functions == {*CALLS, *ELSEWHERE, *WITHOUT_ARRAYS, *types, "Parameters"}


@pytest.mark.parametrize("namespace", [strict, torch])
@pytest.mark.parametrize("name", CALLS)
def test_the_numbers_are_numpys(name, namespace):
    convert, function = namespace(), getattr(numerics, name)
    expected = numbers(function(*CALLS[name]))
    result = function(*(moved(value, convert) for value in CALLS[name]))
    for ours, theirs in zip(numbers(result), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("namespace", [strict, torch])
def test_networks_and_their_parameters(namespace):
    convert = namespace()
    net = MLP((4, 6, 5, 3), "gelu", bias=True, zero_initial_function=True)
    start = initial_parameters(net, 1)
    later = Parameters(tuple(1.1 * W for W in start.weights), start.biases)
    f = net(convert(X), moved(later, convert), moved(start, convert))
    assert type(f) is type(convert(X))
    np.testing.assert_allclose(to_host(f), net(X, later, start), rtol=1e-12, atol=1e-14)
    # Weights of the host join the namespace of the inputs.
    np.testing.assert_allclose(to_host(net(convert(X), later, start)), net(X, later, start), rtol=1e-12, atol=1e-14)
