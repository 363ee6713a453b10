"""Random combinations of the outputs: unbiased, with an honest standard error."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

from numerics import MLP, measure_layer, ptf_covariances, simulate
from numerics.parameters import Parameters
from numerics.sketch import alignment_gradient, sketch

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 5))
NET = MLP((5, 7, 6, 4), "tanh")
W0 = NET.initialize(np.random.default_rng(1))
W1 = Parameters(tuple(W + 0.3 * RNG.standard_normal(W.shape) for W in W0.weights))
REPLICATES = 2500


@pytest.fixture(scope="module")
def sketches():
    return [sketch(X, NET, W1, np.random.default_rng(100 + i)) for i in range(REPLICATES)]


def z_scores(samples, expected):
    return (samples.mean(axis=0) - expected) / (samples.std(axis=0, ddof=1) / np.sqrt(len(samples)))


@pytest.mark.parametrize("layer", [1, 2])
def test_covariances_are_unbiased(sketches, layer):
    K = ptf_covariances(X, NET, W1)[layer - 1]
    rows, columns = np.triu_indices(len(K))
    samples = np.stack([one.covariances[layer - 1][rows, columns] for one in sketches])
    # False alarms: 1e-4 over all entries (Bonferroni), and 1e-4 for the scale, which sees an error of 2%.
    assert np.abs(z_scores(samples, K[rows, columns])).max() < norm.isf(0.5e-4 / len(rows))
    scale = np.asarray([np.sum(one.covariances[layer - 1] * K) / np.sum(K * K) for one in sketches])
    assert abs(z_scores(scale, 1.0)) < norm.isf(0.5e-4)
    assert abs(z_scores(scale, 1.02)) > norm.isf(0.5e-4)


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("kind", ["cosine", "pearson"])
@pytest.mark.parametrize("centered", [False, True])
def test_the_standard_error_is_the_spread(sketches, layer, kind, centered):
    W = W1.weights[layer - 1] - (W0.weights[layer - 1] if centered else 0)
    start = np.zeros_like(W)
    some = sketches[:600]
    plain = np.asarray([measure_layer(W, start, one.covariances[layer - 1], kind).uc_nfa for one in some])
    rho = plain * np.asarray([one.bias_correction(W, layer, kind) for one in some])
    errors = np.asarray([one.standard_error(W, layer, kind) for one in some])
    ratio = 599 * rho.var(ddof=1) / np.mean(errors**2)
    # First order in a noise of some percent: 15% off in variance is allowed for, beyond chi-square's 1e-4 quantiles.
    assert 0.85 * chi2.ppf(0.5e-4, 599) < ratio < 1.15 * chi2.ppf(1 - 0.5e-4, 599)


@pytest.mark.parametrize("kind", ["cosine", "pearson"])
def test_the_correction_removes_the_bias_of_wide_layers(kind):
    rng = np.random.default_rng(2)
    inputs, net = rng.standard_normal((50, 20)), MLP((20, 40, 30, 6), "tanh")
    weights = net.initialize(rng)
    W, exact = weights.weights[0], ptf_covariances(inputs, net, weights)[0]
    rho = measure_layer(W, np.zeros_like(W), exact, kind).uc_nfa
    some = [sketch(inputs, net, weights, np.random.default_rng(i)) for i in range(200)]
    plain = np.asarray([measure_layer(W, np.zeros_like(W), one.covariances[0], kind).uc_nfa for one in some])
    corrected = plain * np.asarray([one.bias_correction(W, 1, kind) for one in some])
    assert abs(z_scores(plain, rho)) > norm.isf(0.5e-4)
    assert abs(corrected.mean() - rho) < 0.3 * abs(plain.mean() - rho)


@pytest.mark.parametrize("kind", ["cosine", "pearson"])
def test_the_derivative_of_the_alignment_is_that_of_differences(kind):
    W, K, direction = W1.weights[0], ptf_covariances(X, NET, W1)[0], RNG.standard_normal((7, 7))
    direction += direction.T

    def rho(step):
        return measure_layer(W, np.zeros_like(W), K + step * direction, kind).uc_nfa

    difference = (rho(1e-6) - rho(-1e-6)) / 2e-6
    assert np.sum(alignment_gradient(W, K, kind) * direction) == pytest.approx(difference, rel=1e-6)


def test_outputs_are_exact_and_more_combinations_cost_less_error():
    one, many = sketch(X, NET, W1, np.random.default_rng(0)), sketch(X, NET, W1, np.random.default_rng(0), 25)
    np.testing.assert_array_equal(one.outputs, NET.forward(X, W1).outputs)
    ratio = one.standard_error(W1.weights[0], 1) / many.standard_error(W1.weights[0], 1)
    assert 3.5 < ratio < 7  # sqrt(25), up to the error of the error


def test_an_undefined_alignment_has_no_standard_error():
    assert np.isnan(sketch(X, NET, W1, np.random.default_rng(0)).standard_error(np.zeros((7, 5)), 1))


def test_a_record_of_a_sketched_run_covers_the_exact_one():
    X = np.random.default_rng(3).standard_normal((600, 5))
    Y = X[:, :4] * X[:, 1:2]
    options = {"steps": 5, "measure": 1, "seed": range(20), "learning_rate": 0.1}
    exact, estimated = simulate(X, Y, NET, **options), simulate(X, Y, NET, combinations=1, **options)
    for name in ("uc_nfa", "c_nfa"):
        z = ((estimated[name] - exact[name]) / estimated[f"{name}_standard_error"]).values
        assert np.isnan(z).sum() == np.isnan(exact[name]).sum()
        # Mean square of about 1: the same signs are never used twice, so these are 20 x 5 x 2 or more fair draws.
        assert 0.6 < np.nanmean(z**2) < 1.6
    np.testing.assert_array_equal(estimated.loss, exact.loss)
    assert "uc_nfa_standard_error" not in exact
