"""Softmax cross-entropy and mini-batches against definitions, enumeration, and the derived averages over batches."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from wide_network import WideNetwork

from nfa_theory import MLP, InputError, claims
from nfa_theory.predict import predict_alignment
from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.limit import batches
from nfa_theory.predict.limit.batches import batch_kernels

RNG = np.random.default_rng(3)
X = RNG.standard_normal((12, 4))
CLASSES = np.eye(3)[np.arange(12) % 3]
NET = MLP((4, 64, 64, 3))
BOUND = stats.norm.isf(0.5e-4)


def softmax(f):
    powers = np.exp(f)
    return powers / powers.sum(axis=1, keepdims=True)


def full_kernels(net=NET, data=X):
    """S and kappa by layer, of all samples."""
    found = [(each.S.copy(), each.kappa.copy()) for each in WideNetwork(data, net).layers()]
    return found[::-1]


def aligned(S, P, Q):
    trace = lambda A, B: np.trace(A @ S @ B @ S)  # noqa: E731
    return trace(P, Q) / np.sqrt(trace(P, P) * trace(Q, Q))


def test_cross_entropy_has_residuals_of_its_own():
    f = RNG.standard_normal(CLASSES.shape)
    for start, R in (("zero", CLASSES - 1 / 3), (f, CLASSES - softmax(f))):
        A = R @ R.T
        expected = [aligned(S, kappa * A, (kappa @ kappa) * A) for S, kappa in full_kernels()]
        found = predict_alignment(X, CLASSES, NET, start, loss="cross_entropy")
        np.testing.assert_allclose(found.limit, expected, rtol=1e-10)
        assert found.config["loss"] == "cross_entropy"
        squared_error = predict_alignment(X, CLASSES, NET, start).limit
        assert np.all(abs(squared_error - expected) > 1e-4)


def test_the_average_of_cross_entropy_is_the_mean_over_given_functions():
    """A z-test with a false-alarm rate of 1e-4 for each of two layers; the value at the mean function is refused."""
    net = MLP((4, 64, 64, 3), parametrization="he")
    data = 2 * X
    root = np.linalg.cholesky(WideNetwork(data, net).output_covariance())
    rng = np.random.default_rng(8)
    draw = lambda: root @ rng.standard_normal(CLASSES.shape)  # noqa: E731
    drawn = [predict_alignment(data, CLASSES, net, draw(), loss="cross_entropy").limit for _ in range(300)]
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1) / np.sqrt(300)
    found = predict_alignment(data, CLASSES, net, "average", loss="cross_entropy", draws=300)
    assert np.all(abs(found.limit - mean) <= BOUND * np.hypot(error, found.limit_error))
    at_mean = predict_alignment(data, CLASSES, net, "zero", loss="cross_entropy").limit
    assert np.any(abs(at_mean - mean) > BOUND * np.hypot(error, found.limit_error))


@pytest.mark.parametrize(("n", "b"), [(6, 4), (6, 3)])
def test_averages_over_all_batches_are_the_derived_ones(n, b):
    """tr(F G), tr(F F), tr(G G) on every batch, against `early.one_batch`."""
    R = CLASSES[:n] - 1 / 3
    kernels = PairKernels(X[:n], NET)
    every = list(combinations(range(n), b))
    whole = batch_kernels(kernels, np.arange(n), np.arange(0), 0.0)
    for layer, (S, kappa, square) in enumerate(whole):
        P, Q = kappa * (R @ R.T), square * (R @ R.T)
        derived = claims["early.one_batch"].function(P=P, Q=Q, S=S, n=n, b=b)["ratio of averages"]
        traces = np.zeros(3)
        for chosen in every:
            batch = np.array(chosen)
            others = np.setdiff1d(np.arange(n), batch)
            S_B, kappa_B, square_B = batch_kernels(kernels, batch, others, 1.0)[layer]
            A = R[batch] @ R[batch].T
            F, G = kappa_B * A @ S_B, square_B * A @ S_B
            traces += [np.trace(F @ G), np.trace(F @ F), np.trace(G @ G)]
        assert traces[0] / np.sqrt(traces[1] * traces[2]) == pytest.approx(derived, rel=1e-10)
        assert aligned(S, P, Q) != pytest.approx(derived, rel=1e-4)


def test_the_prediction_is_the_mean_over_batches():
    """A z-test with a false-alarm rate of 1e-4; the alignment of the full batch is refused."""
    R = CLASSES - 1 / 3
    kernels = full_kernels()
    expected = []
    for S, kappa in kernels:
        square = kappa @ kappa
        values = []
        for chosen in combinations(range(12), 4):
            grid = np.ix_(chosen, chosen)
            A = R[list(chosen)] @ R[list(chosen)].T
            values.append(aligned(S[grid], kappa[grid] * A, square[grid] * A))
        expected.append(np.mean(values))
    found = predict_alignment(X, CLASSES, NET, "zero", loss="cross_entropy", batch_size=4, draws=400)
    assert np.all(abs(found.limit - expected) <= BOUND * found.limit_error)
    full = predict_alignment(X, CLASSES, NET, "zero", loss="cross_entropy").limit
    assert np.all(abs(full - expected) > BOUND * found.limit_error)
    assert "batches of 4" in repr(found)


def test_extreme_batches():
    full = predict_alignment(X, CLASSES, NET, "zero").limit
    np.testing.assert_array_equal(predict_alignment(X, CLASSES, NET, "zero", batch_size=12).limit, full)
    single = predict_alignment(X, CLASSES, NET, "average", batch_size=1, draws=3)
    np.testing.assert_allclose(single.limit, 1, rtol=1e-12)
    sparse = np.zeros((12, 1))
    sparse[5] = 1  # eleven of twelve batches of one sample move nothing
    one_output = MLP((4, 64, 1))
    assert predict_alignment(X, sparse, one_output, "zero", batch_size=1).limit == pytest.approx([1.0])
    some_zero = np.where(np.arange(12)[:, None] < 9, 0.0, X)  # nine of twelve have no input to learn from
    found = predict_alignment(some_zero, CLASSES, NET, "zero", batch_size=1, draws=3, networks=4)
    np.testing.assert_allclose([found.limit, found.mean], 1, rtol=1e-12)
    none_left = np.where(np.arange(12)[:, None] == 5, 0.0, X)
    with pytest.raises(InputError, match="batches of 1 must have samples whose residuals and inputs are not zero"):
        predict_alignment(none_left, sparse, one_output, "zero", batch_size=1)


def test_samples_left_out_of_the_square_are_made_up_for(monkeypatch):
    """One of n - b other samples stands for all: over every choice, the mean is exact."""
    kernels = PairKernels(X, NET)
    batch, others = np.arange(3), np.arange(3, 12)
    exact = batch_kernels(kernels, batch, others, 1.0)
    one_by_one = [batch_kernels(kernels, batch, others[i : i + 1], 9.0) for i in range(9)]
    for layer in range(2):
        mean = np.mean([each[layer][2] for each in one_by_one], axis=0)
        np.testing.assert_allclose(mean, exact[layer][2], rtol=1e-10)
    monkeypatch.setattr(batches, "OTHERS", 4)
    few = predict_alignment(X, CLASSES, NET, "zero", batch_size=4, draws=100)
    monkeypatch.undo()
    all_others = predict_alignment(X, CLASSES, NET, "zero", batch_size=4, draws=100)
    assert not np.array_equal(few.limit, all_others.limit)
    np.testing.assert_allclose(few.limit, all_others.limit, atol=0.05)


def test_more_classes_than_samples_is_fine():
    few, labels = X[:3], np.eye(5)[[0, 1, 4]]
    net = MLP((4, 64, 5))
    for loss in ("mse", "cross_entropy"):
        for start in ("zero", "average"):
            assert 0 < predict_alignment(few, labels, net, start, loss=loss, draws=3).limit[0] <= 1


def call(**changes):
    return {"X": X, "Y": CLASSES, "net": NET, "initial_function": "zero", **changes}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (call(loss="hinge"), "unknown loss 'hinge'"),
        (
            call(loss="cross_entropy", Y=2 * CLASSES),
            "cross_entropy needs labels that are probabilities .* sum to betwe",
        ),
        (call(loss="cross_entropy", Y=CLASSES - 1), "cross_entropy needs labels that are probabilities"),
        (call(Y=CLASSES * 0 + 0.5), "labels must not be constant .* got a row of 3 values for all 12 samples"),
        (call(Y=np.ones((12, 1)), net=MLP((4, 8, 1))), "labels must not be constant .* got 1 for all 12 samples"),
        (call(initial_function=CLASSES * (1 + 1e-15)), "the residuals must not be zero .* labels are fitted"),
        (call(batch_size=0), "batch_size must be an integer of at least 1, got 0"),
        (call(batch_size=2.5), "batch_size must be an integer of at least 1, got 2.5"),
        (call(draws=2.0), "draws must be an integer at least 2, got 2.0"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        predict_alignment(**arguments)
    assert "\n" not in str(caught.value)


def test_labels_fitted_by_a_softmax_are_refused():
    f = RNG.standard_normal(CLASSES.shape)
    with pytest.raises(InputError, match="the labels are fitted at initialization"):
        predict_alignment(X, softmax(f), NET, f, loss="cross_entropy")
