"""Initial weights: scale, distribution, reproducibility; z-tests have a false-alarm rate of 1e-6 each."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from numerics import MLP, InputError, initial_parameters
from numerics.networks.initializations import INITIALIZATIONS, draw

Z_MAX = norm.isf(0.5e-6)


def assert_mean(samples, expected, variance):
    z = (np.mean(samples) - expected) / math.sqrt(variance / np.size(samples))
    assert abs(z) < Z_MAX, z


@pytest.mark.parametrize("parametrization", ["ntk", "he", "lecun", "pytorch", "mup"])
def test_variance_of_effective_weights(parametrization):
    net = MLP((400, 500, 300, 20), parametrization=parametrization, bias=True)
    gain = {"ntk": 1, "he": 2, "lecun": 1, "pytorch": 1 / 3, "mup": 1}[parametrization]
    parameters = initial_parameters(net, 0)
    fourth = 9 / 5 if parametrization == "pytorch" else 3  # kurtosis of the uniform and of the Gaussian
    for layer, W in enumerate(parameters.weights, start=1):
        expected = gain / (300 if parametrization == "mup" and layer == 3 else 1)
        assert net.weight_variance(layer) == pytest.approx(expected)
        effective = (net.scaling(layer).multiplier * W) ** 2 * W.shape[1]
        assert_mean(effective, expected, (fourth - 1) * expected**2)
    biases = np.concatenate(parameters.biases)
    assert (biases != 0).all() if parametrization == "pytorch" else (biases == 0).all()


def test_the_pytorch_default_is_uniform_with_the_bound_of_linear_layers():
    W = initial_parameters(MLP((64, 256, 10), parametrization="pytorch"), 1).weights[0]
    assert np.abs(W).max() <= 1 / 8
    assert np.abs(W).max() > 0.124


@pytest.mark.parametrize("shape", [(200, 300), (300, 200)])
@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_every_distribution_has_mean_zero_and_variance_one(name, shape):
    W = draw(name, np.random.default_rng(0), shape)
    assert W.shape == shape
    if name == "orthogonal":
        short = W if shape[0] < shape[1] else W.T
        np.testing.assert_allclose(short @ short.T, max(shape) * np.eye(min(shape)), atol=1e-9)
        return
    assert_mean(W, 0, 1)
    kurtosis = {"gaussian": 3, "uniform": 9 / 5, "signs": 1}[name]
    np.testing.assert_allclose(np.mean(W**2), 1, atol=Z_MAX * math.sqrt((kurtosis - 1) / W.size) + 1e-12)


def test_orthogonal_matrices_are_haar_distributed():
    """Without the sign correction the diagonal of Q would have one sign: E q_11 = 0, E q_11^2 = 1/3 in dimension 3."""
    rng = np.random.default_rng(2)
    entries = np.asarray([draw("orthogonal", rng, (3, 3))[0, 0] / math.sqrt(3) for _ in range(4000)])
    assert_mean(entries, 0, 1 / 3)
    assert_mean(entries**2, 1 / 3, 1 / 5 - 1 / 9)


def test_readout_of_signs():
    net = MLP((5, 16, 3), readout="signs", parametrization="he")
    readout = initial_parameters(net, 0).weights[-1]
    assert set(np.unique(np.abs(readout))) == {math.sqrt(2 / 16)}
    assert len(np.unique(initial_parameters(net, 0).weights[0])) == 80


def test_one_seed_gives_one_network_in_every_dtype():
    net = MLP((5, 8, 3), bias=True, bias_std=1.0)
    one, other = initial_parameters(net, 7), initial_parameters(net, 7, np.float32)
    for W, w in zip((*one.weights, *one.biases), (*other.weights, *other.biases), strict=True):
        np.testing.assert_array_equal(W.astype(np.float32), w)
    assert not np.array_equal(one.weights[0], initial_parameters(net, 8).weights[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": (3, 0, 1)}, "widths must be positive integers, got 0 in (3, 0, 1)"),
        ({"widths": (3, -5, 1)}, "widths must be positive integers, got -5 in (3, -5, 1)"),
        ({"widths": (3, 1)}, "widths must be (inputs, hidden ..., outputs), at least three numbers, got (3, 1)"),
        ({"widths": (3, 2.5, 1)}, "widths must be a sequence of integers, got (3, 2.5, 1)"),
        (
            {"widths": (3, 2, 1), "parametrization": "ntkk"},
            "unknown parametrization 'ntkk'; did you mean 'ntk'?",
        ),
        (
            {"widths": (3, 2, 1), "initialization": "gausian"},
            "unknown initialization 'gausian'; did you mean 'gaussian'?",
        ),
        ({"widths": (3, 2, 1), "bias_std": 1.0}, "bias_std needs bias=True, got bias_std=1.0 without biases"),
        (
            {"widths": (3, 2, 1), "bias": True, "bias_std": -1.0},
            "bias_std must be a finite number of at least 0, got -1.0",
        ),
    ],
)
def test_bad_networks(arguments, message):
    with pytest.raises(InputError) as error:
        MLP(**arguments)
    assert str(error.value) == message


def test_aliases_are_one_network():
    assert MLP((2, 3, 1), parametrization="standard") == MLP((2, 3, 1), parametrization="he")
    assert MLP((2, 3, 1), parametrization="mean_field") == MLP([2, 3, 1], parametrization="mup")
