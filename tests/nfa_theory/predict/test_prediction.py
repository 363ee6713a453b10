"""What a prediction says of itself, of random initial functions, and of bad input."""

import numpy as np
import pytest
from scipy import stats
from wide_network import WideNetwork

from nfa_theory import MLP, DataWarning, InputError, predict_course
from nfa_theory.predict import AlignmentPrediction, predict_alignment
from nfa_theory.predict.kernels.between_groups import LimitError
from nfa_theory.predict.limit.leading_order import cosine
from nfa_theory.predict.limit.random_function import draw_function

RNG = np.random.default_rng(1)
X, Y = RNG.standard_normal((40, 3)), RNG.standard_normal((40, 1))
NET = MLP((3, 64, 64, 1))


def test_a_result_that_can_be_read():
    found = predict_alignment(X, Y, NET, "zero")
    assert isinstance(found, AlignmentPrediction)
    lines = repr(found).splitlines()
    assert lines[0] == "C-NFA as t -> 0 at infinite width, 40 samples, initial function zero"
    assert lines[1:] == [f"  layer {i}: {found.limit[i - 1]:.4f}" for i in (1, 2)]
    assert found.config["samples"] == 40
    assert found.config["widths"] == [3, 64, 64, 1]
    with pytest.raises(ValueError, match="read-only"):
        found.limit[0] = 1


def test_inputs_are_not_changed():
    frozen_X, frozen_Y, f0 = X.copy(), Y.copy(), 0.3 * Y
    for array in (frozen_X, frozen_Y, f0):
        array.setflags(write=False)
    predict_alignment(frozen_X, frozen_Y, NET, f0)
    predict_alignment(frozen_X, frozen_Y, NET, "average", draws=2)


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ({}, "average"),
        ({"parametrization": "he"}, "average"),
        ({"parametrization": "mean_field"}, "zero"),
        ({"zero_initial_function": True}, "zero"),
    ],
)
def test_the_default_follows_the_network(more, start):
    net = MLP((3, 64, 1), **more)
    default, explicit = predict_alignment(X, Y, net), predict_alignment(X, Y, net, start)
    assert default.config["initial_function"] == start
    np.testing.assert_array_equal(default.limit, explicit.limit)


def test_a_given_function_shifts_the_labels():
    f0 = RNG.standard_normal(Y.shape)
    np.testing.assert_allclose(
        predict_alignment(X, Y, NET, f0).limit, predict_alignment(X, Y - f0, NET, "zero").limit, rtol=1e-12
    )


def test_the_average_is_the_mean_over_given_functions():
    """A z-test with a false-alarm rate of 1e-4 for each of two layers, whose power is shown on the plug-in value."""
    covariance = WideNetwork(X, NET).output_covariance()
    root = np.linalg.cholesky(covariance)
    rng = np.random.default_rng(7)
    drawn = [predict_alignment(X, Y, NET, root @ rng.standard_normal(Y.shape)).limit for _ in range(400)]
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1) / 20
    found = predict_alignment(X, Y, NET, "average", draws=400, seed=3)
    bound = stats.norm.isf(0.5e-4)
    assert np.all(abs(found.limit - mean) <= bound * np.hypot(error, found.limit_error))
    np.testing.assert_allclose(found.limit_error, error, rtol=0.3)
    plug_in = _alignment_at(Y @ Y.T + covariance)
    assert np.all(abs(plug_in - mean) > bound * error)


def _alignment_at(A):
    """The C-NFA by layer at a given mean of R R^T."""
    values = []
    for kernels in WideNetwork(X, NET).layers():
        T, U = ((each * A) @ kernels.S for each in (kernels.kappa, kernels.kappa @ kernels.kappa))
        values.append(np.sum(T * U.T) / np.sqrt(np.sum(T * T.T) * np.sum(U * U.T)))
    return np.array(values[::-1])


def test_subsets_estimate_the_average_of_all():
    """More samples than a subset holds; same test, with the bias of the subsets inside the errors."""
    rng = np.random.default_rng(11)
    many, labels = rng.standard_normal((400, 3)), rng.standard_normal((400, 1))
    network = WideNetwork(many, NET)
    root = np.linalg.cholesky(network.output_covariance() + 1e-12 * np.eye(400))
    drawn = [predict_alignment(many, labels, NET, root @ rng.standard_normal((400, 1))).limit for _ in range(40)]
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1) / np.sqrt(40)
    found = predict_alignment(many, labels, NET, "average", draws=100)
    assert np.all(abs(found.limit - mean) <= stats.norm.isf(0.5e-4) * np.hypot(error, found.limit_error))


def test_the_same_seed_gives_the_same_average():
    first, same, other = (predict_alignment(X, Y, NET, draws=4, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.limit, same.limit)
    assert not np.array_equal(first.limit, other.limit)


def test_the_random_function_has_its_covariance():
    covariance = WideNetwork(X[:4], NET).output_covariance()
    f = draw_function(covariance, 40000, np.random.default_rng(2))
    # The variance of an entry of the sample covariance is (K_ii K_jj + K_ij^2) / N: 5 deviations, 10 entries.
    spread = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / 40000)
    assert np.all(abs(f @ f.T / 40000 - covariance) < 5 * spread)


def test_mean_and_spread_are_given_where_only_the_limit_is_not_known():
    steep = predict_alignment(X * np.sqrt(1500 / np.mean(np.sum(X**2, axis=1))), Y, MLP((3, 8, 1), "exp"), "zero")
    assert np.isnan(steep.limit).all() and "overflow" in steep.limit_refused  # noqa: PT018
    assert "layer 1: not known" in repr(steep)
    assert 0 < steep.mean[0] <= 1
    assert steep.std[0] > 0
    huge = predict_alignment(1e200 * X, Y, MLP((3, 8, 1), "quadratic"), "zero")
    assert "layer 1 must have finite variances in float64, got inf" in huge.limit_refused
    with pytest.raises(InputError, match="stay finite"):
        huge.mean  # noqa: B018


@pytest.mark.parametrize(
    ("activation", "scale"),
    [("quadratic", 1e-6), ("cubic", 1e-6), ("cubic", 1e2), ("relu", 1e4), ("erf", 1e4), ("gelu", 1e-12)],
)
def test_float32_of_any_scale_is_predicted_as_float64_is(activation, scale):
    """Kernels that leave the range of float32 have their digits all the same, and that is said; others stay in it."""
    net = MLP((3, 8, 8, 1), activation)
    inputs, labels = (scale * X).astype(np.float32), Y.astype(np.float32)
    with pytest.warns(DataWarning, match="out of the range of float32: computed in float64"):
        found = predict_alignment(inputs, labels, net, "zero", networks=4)
    expected = predict_alignment(inputs.astype(np.float64), labels.astype(np.float64), net, "zero", networks=4)
    np.testing.assert_allclose(found.limit, expected.limit, rtol=1e-9)
    if activation != "erf":  # at this scale narrow networks of erf do not move
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-9)
    assert np.all(found.limit <= 1)
    plain = predict_alignment(X.astype(np.float32), labels, net, "zero").limit  # says nothing
    np.testing.assert_allclose(plain, predict_alignment(X, Y, net, "zero").limit, rtol=1e-3)


def test_an_alignment_beyond_1_is_refused_but_for_rounding():
    assert cosine(1 + 1e-7, 1.0, 1.0, 1) == 1.0
    with pytest.raises(LimitError, match="kernels of layer 2 must keep their digits"):
        cosine(1.0001, 1.0, 1.0, 2)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "sin"])
def test_inputs_of_any_scale_have_a_limit(activation):
    """A column of ones times 1e4 makes all samples alike but for the sixth digit."""
    inputs = np.column_stack([X, np.full(len(X), 1e4)])
    for start in ("zero", "average"):
        found = predict_alignment(inputs, Y, MLP((4, 16, 1), activation), start, draws=4)
        assert found.limit_refused is None
        assert np.all((found.limit > 0) & (found.limit <= 1))


def test_duplicate_and_zero_samples_are_data_like_any_other():
    doubled, labels = np.repeat(X[:8], 2, axis=0), np.repeat(Y[:8], 2, axis=0)
    assert predict_alignment(doubled, labels, NET, "zero").limit == pytest.approx(
        predict_alignment(X[:8], Y[:8], NET, "zero").limit
    )
    assert np.all(np.isfinite(predict_alignment(doubled, labels, NET, draws=3).limit))
    with_zero = np.vstack([X[:8], np.zeros((1, 3))])
    assert predict_alignment(with_zero, Y[:9], NET, "zero").limit == pytest.approx(
        predict_alignment(X[:8], Y[:8], NET, "zero").limit
    )


@pytest.mark.parametrize("pairs", [1, 5])
def test_residuals_that_cancel_over_equal_inputs_are_refused(pairs):
    """Every gradient vanishes but for rounding; one more sample, or batches of one, and there is something to learn."""
    inputs, labels = np.repeat(X[:pairs], 2, axis=0), np.tile([[1.0], [-1.0]], (pairs, 1))
    for predict in (predict_alignment, lambda *arguments: predict_course(*arguments[:3], [0.0], "zero", networks=3)):
        with pytest.raises(InputError, match=f"must not cancel over equal inputs .* for each of {pairs} inputs"):
            predict(inputs, labels, NET, "zero")
    assert np.all(np.isfinite(predict_alignment(X[: 2 * pairs], labels, NET, "zero").limit))
    assert np.all(np.isfinite(predict_alignment(inputs, labels, NET, "zero", batch_size=1, draws=2).limit))
    more = np.vstack([inputs, X[30:31]]), np.vstack([labels, [[1.0]]])
    assert np.all(np.isfinite(predict_alignment(*more, NET, "zero").limit))


def bad(**changes):
    return {"X": X, "Y": Y, "net": NET, "initial_function": "zero", **changes}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (bad(X=X[:, :2]), r"X must have shape \(n, 3\), got \(40, 2\)"),
        (bad(X=X[0]), r"X must have shape \(samples, inputs\), got \(3,\)"),
        (bad(Y=Y[:39]), r"\(n, d\) and \(n, c\) with one n, got \(40, 3\) and \(39, 1\)"),
        (bad(X=X[:1], Y=Y[:1]), "X must have at least 2 samples, got 1"),
        (bad(X=np.where(X > 2, np.nan, X)), "X must be finite in float64, got [0-9]+ values that are not"),
        (bad(Y=np.where(Y > 2, np.inf, Y)), "Y must be finite in float64, got [0-9]+ values that are not"),
        (bad(X=X.astype(str)), "X must hold numbers, got text"),
        (bad(X=0 * X), "X must not be zero everywhere: the alignment is undefined"),
        (bad(Y=0 * Y), "labels must not be constant .* got 0 for all 40 samples"),
        (bad(initial_function=Y), "the residuals must not be zero everywhere"),
        (bad(initial_function=Y[:3]), r"initial_function must have shape \(40, 1\), got \(3, 1\)"),
        (bad(initial_function="mean"), 'initial_function must be "zero", "average" or an array, got \'mean\''),
        (bad(initial_function="average", draws=1), "draws must be at least 2, got 1"),
        (bad(net=MLP((3, 8, 1), "hermite:0")), "the weights of layer 1 must move at leading order"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        predict_alignment(**call)
    assert "\n" not in str(caught.value)
