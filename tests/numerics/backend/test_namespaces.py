"""One implementation for every namespace: read-only NumPy and array_api_strict give NumPy's numbers."""

import array_api_strict
import numpy as np
import pytest

import numerics
from numerics import MLP, Measure, features, initial_parameters, measure_layer, pre_activation_tangent_kernel, simulate
from numerics.backend.arrays import to_host
from numerics.feature_matrices.definitions import ptf_covariances
from numerics.networks.activations import parse_activation
from numerics.networks.parameters import Parameters


def read_only(array):
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


CONVERSIONS = {"read-only": read_only, "strict": array_api_strict.asarray}
ACTIVATIONS = [f"hermite:{3}" if name == "hermite" else name for name in numerics.ACTIVATIONS]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((24, 4)), np.eye(3)[rng.integers(0, 3, 24)]


def convert(parameters, change):
    return Parameters(tuple(map(change, parameters.weights)), tuple(map(change, parameters.biases)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("change", CONVERSIONS.values(), ids=CONVERSIONS)
def test_features(data, activation, change):
    X, _ = data
    net = MLP((4, 6, 5, 3), activation, bias=True, bias_std=0.2)
    parameters = initial_parameters(net, 0)
    moved = convert(parameters, change)
    for layer in (1, 2, 3):
        expected, measured = features(X, net, parameters, layer), features(change(X), net, moved, layer)
        for name in ("nfm", "agop", "ptf_covariance"):
            ours = getattr(measured, name)
            assert type(ours) is type(change(X)) or isinstance(ours, np.ndarray)
            np.testing.assert_allclose(to_host(ours), getattr(expected, name), rtol=1e-13, atol=1e-15)
        expected_kernel = pre_activation_tangent_kernel(X, net, parameters, layer)
        kernel = pre_activation_tangent_kernel(change(X), net, moved, layer)
        np.testing.assert_allclose(to_host(kernel), expected_kernel, rtol=1e-13, atol=1e-15)
    W = parameters.weights[0]
    K = ptf_covariances(change(X), net, moved)[0]
    for kind in ("cosine", "pearson"):
        ours = measure_layer(change(1.1 * W**3), change(W), K, kind)
        theirs = measure_layer(1.1 * W**3, W, to_host(K), kind)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", ["mse", "mse_mean", "cross_entropy"])
@pytest.mark.parametrize("change", CONVERSIONS.values(), ids=CONVERSIONS)
@pytest.mark.parametrize("zero", [False, True])
def test_training(data, change, loss, zero):
    X, Y = data
    net = MLP((4, 6, 5, 3), "tanh", bias=True, zero_initial_function=zero)
    options = {"steps": 7, "batch_size": 5, "seed": [0, 3], "loss": loss, "learning_rate": 0.5}
    expected = simulate(X, Y, net, measure=Measure(3, test=(X[:9], Y[:9])), **options)
    record = simulate(change(X), change(Y), net, measure=Measure(3, test=(change(X[:9]), change(Y[:9]))), **options)
    for name in expected.data_vars:
        np.testing.assert_allclose(record[name], expected[name], rtol=1e-10, atol=1e-12)


def test_torch_arrays_where_torch_is_installed(data):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    X, Y = data
    net = MLP((4, 6, 5, 3), "gelu")
    expected = simulate(X, Y, net, steps=4, batch_size=6)
    record = simulate(torch.asarray(X), torch.asarray(Y), net, steps=4, batch_size=6)
    np.testing.assert_allclose(record.uc_nfa, expected.uc_nfa, rtol=1e-10)


def test_arguments_are_never_changed(data):
    X, Y = data
    net = MLP((4, 6, 3), "erf")
    weights = initial_parameters(net, 0)
    before = [W.copy() for W in weights.weights]
    simulate(X, Y, net, steps=3, initial_weights=weights)
    for W, old in zip(weights.weights, before, strict=True):
        np.testing.assert_array_equal(W, old)


def test_float32_stays_float32(data):
    X = data[0].astype(np.float32)
    net = MLP((4, 6, 3), parse_activation("gelu"))
    weights = initial_parameters(net, 0, np.float32)
    assert features(X, net, weights).agop.dtype == np.float32
    assert net(X, weights).dtype == np.float32
