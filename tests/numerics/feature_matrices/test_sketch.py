"""Random combinations of the outputs: unbiased, with an honest standard error."""

import numpy as np
import pytest
from scipy.stats import binom, chi2, norm

from numerics import MLP, Measure, measure_layer, ptf_covariances, simulate
from numerics.feature_matrices.sketch import random_signs, sketch
from numerics.feature_matrices.sketch_errors import alignment_gradient
from numerics.networks.parameters import Parameters

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 5))
NET = MLP((5, 7, 6, 5, 4), "tanh")
W0 = NET.initialize(np.random.default_rng(1))
W1 = Parameters(tuple(W + 0.3 * RNG.standard_normal(W.shape) for W in W0.weights))
REPLICATES = 500
DEPTH = 3


@pytest.fixture(scope="module", params=[1, 2], ids=["one", "two"])
def sketches(request):
    return [sketch(X, NET, W1, np.random.default_rng(100 + i), request.param) for i in range(REPLICATES)]


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


@pytest.mark.parametrize(
    ("layer", "kind", "centered"), [(1, "cosine", False), (1, "pearson", True), (2, "cosine", True)]
)
def test_the_standard_error_is_the_spread_and_its_intervals_cover(sketches, layer, kind, centered):
    W = W1.weights[layer - 1] - (W0.weights[layer - 1] if centered else 0)
    start, some = np.zeros_like(W), sketches[:400]
    exact = measure_layer(W, start, ptf_covariances(X, NET, W1)[layer - 1], kind).uc_nfa
    plain = np.asarray([measure_layer(W, start, one.covariances[layer - 1], kind).uc_nfa for one in some])
    rho = plain * np.asarray([one.bias_correction(W, layer, kind) for one in some])
    errors = np.asarray([one.standard_error(W, layer, kind) for one in some])
    ratio = 399 * rho.var(ddof=1) / np.mean(errors**2)
    # A noise of some percent to low orders: 15% off in variance is allowed for, beyond chi-square's 1e-4 quantiles.
    assert 0.85 * chi2.ppf(0.5e-4, 399) < ratio < 1.15 * chi2.ppf(1 - 0.5e-4, 399)
    # 95% and its binomial quantiles of 1e-4, and 4% for an error that is itself known to some 10%.
    hits = int(np.sum(np.abs(rho - exact) <= norm.isf(0.025) * errors))
    assert binom.ppf(0.5e-4, 400, 0.91) <= hits <= binom.ppf(1 - 0.5e-4, 400, 0.97)
    # Twin: errors half as large are refused.
    assert int(np.sum(np.abs(rho - exact) <= norm.isf(0.025) * errors / 2)) < binom.ppf(0.5e-4, 400, 0.91)


def test_the_last_hidden_layer_is_exact(sketches):
    K = ptf_covariances(X, NET, W1)[-1]
    np.testing.assert_allclose(sketches[0].covariances[-1], K, rtol=1e-12)
    assert sketches[0].standard_error(W1.weights[DEPTH - 1], DEPTH) == 0
    assert sketches[0].bias_correction(W1.weights[DEPTH - 1], DEPTH) == 1


@pytest.mark.parametrize("layer", [1, 2])
def test_what_is_known_of_the_last_layer_lessens_the_noise_of_the_others(sketches, layer):
    W, plain, corrected = W1.weights[layer - 1], [], []
    for one in sketches[:100]:
        slope = alignment_gradient(W, one.covariances[layer - 1], "cosine")
        first, second = ((d @ slope) * d for d in one.repeated[layer - 1])
        plain.append(np.mean((first.sum(axis=(0, 2)) - second.sum(axis=(0, 2))) ** 2) / 2 / one.samples)
        corrected.append(one.standard_error(W, layer) ** 2)
    assert np.mean(corrected) < 0.95 * np.mean(plain)


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


def test_outputs_are_exact():
    outputs = sketch(X, NET, W1, np.random.default_rng(0)).outputs
    np.testing.assert_allclose(outputs, NET.forward(X, W1).outputs, rtol=1e-12, atol=1e-14)


def test_combinations_of_a_sample_are_orthogonal_where_hadamards_rows_are():
    signs = random_signs(np.random.default_rng(0), 30, 8, 4)
    for v in np.moveaxis(signs, 1, 0):
        np.testing.assert_array_equal(v @ v.T, 8 * np.eye(4))
    assert set(np.unique(signs)) == {-1, 1}


@pytest.mark.parametrize("combinations", [4, 9])
def test_as_many_combinations_as_outputs_are_exact(combinations):
    one = sketch(X, NET, W1, np.random.default_rng(0), combinations)
    for K, exact in zip(one.covariances, ptf_covariances(X, NET, W1), strict=True):
        np.testing.assert_allclose(K, exact, rtol=1e-11, atol=1e-14)
    assert one.standard_error(W1.weights[0], 1) == 0


def test_two_combinations_have_less_than_half_the_variance_of_one():
    # Pairs of outputs that two rows leave over: 2 of 6, so a third of the variance if all pairs have the same.
    errors = [
        np.mean(
            [sketch(X, NET, W1, np.random.default_rng(i), q).standard_error(W1.weights[0], 1) ** 2 for i in range(50)]
        )
        for q in (1, 2)
    ]
    assert errors[1] < 0.5 * errors[0]


def test_an_undefined_alignment_has_no_standard_error():
    assert np.isnan(sketch(X, NET, W1, np.random.default_rng(0)).standard_error(np.zeros((7, 5)), 1))


def test_a_record_of_a_sketched_run_covers_the_exact_one():
    X = np.random.default_rng(3).standard_normal((600, 5))
    Y = X[:, :4] * X[:, 1:2]
    options = {"steps": 5, "seed": range(10), "learning_rate": 0.1}
    exact, estimated = (simulate(X, Y, NET, measure=Measure(1, combinations=q), **options) for q in (None, 1))
    for name in ("uc_nfa", "c_nfa"):
        np.testing.assert_allclose(estimated[name][..., -1], exact[name][..., -1], rtol=1e-10)
        z = ((estimated[name] - exact[name]) / estimated[f"{name}_standard_error"])[..., :-1].values
        assert np.isnan(z).sum() == np.isnan(exact[name][..., :-1]).sum()
        # Mean square of about 1: the same signs are never used twice, so these are 10 x 5 x 2 or more fair draws.
        assert 0.6 < np.nanmean(z**2) < 1.6
    np.testing.assert_array_equal(estimated.loss, exact.loss)
    assert "uc_nfa_standard_error" not in exact
