"""All measurements of a network's own weights in one call, against definitions and against records."""

import numpy as np
import pytest

from numerics import MLP, InputError, Measure, alignment, fact, features, initial_parameters, measure, simulate
from numerics.feature_matrices.fact import fact_matrices
from numerics.optimizers import Descent

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 4)), RNG.standard_normal((30, 2))
NET = MLP((4, 6, 5, 2), "tanh", bias=True, bias_std=0.1)
START, END = initial_parameters(NET, 0), initial_parameters(NET, 1)


@pytest.mark.parametrize(("kind", "ending"), [("cosine", ""), ("pearson", "_pearson")])
def test_it_is_what_a_run_records(kind, ending):
    seen = {}
    asked = Measure(2, kind=kind, observe=lambda _, step, parameters: seen.update({step: parameters}))
    record = simulate(X, Y, NET, steps=2, initial_weights=START, measure=asked).isel(seed=0, step=-1)
    found = measure(X, NET, seen[2], START)
    for name in ("uc_nfa", "c_nfa"):
        np.testing.assert_array_equal(found[name + ending], record[name])
        assert found[name].long_name == record[name].long_name
    np.testing.assert_array_equal(found.relative_weight_change, record.relative_weight_change)
    if kind == "cosine":
        np.testing.assert_array_equal(found.decomposition, record.decomposition)


def test_it_is_its_definition():
    found = measure(X, NET, END, START, Y=Y)
    for layer in (1, 2):
        of_layer = features(X, NET, END, layer)
        at = found.sel(layer=layer)
        assert float(at.uc_nfa) == pytest.approx(alignment(of_layer.nfm, of_layer.agop), abs=1e-12)
        assert float(at.uc_nfa_pearson) == pytest.approx(alignment(of_layer.nfm, of_layer.agop, "pearson"), abs=1e-12)
        assert float(at.decomposition.sum()) == pytest.approx(float(at.uc_nfa), abs=1e-12)


def test_what_needs_initial_weights_or_labels_is_left_out_without_them():
    assert set(measure(X, NET, END).data_vars) == {"uc_nfa", "uc_nfa_pearson"}
    assert set(measure(X, NET, END, Y=Y).data_vars) == {"uc_nfa", "uc_nfa_pearson", "fact"}
    assert np.isnan(measure(X, NET, END, END).c_nfa).all()  # no weight has moved


def test_the_fact_matrix_is_its_definition():
    net = MLP((4, 5, 2), "tanh", parametrization="lecun")
    parameters = initial_parameters(net, 0)
    W, A = parameters.weights
    expected = np.zeros((4, 4))
    for x, y in zip(X, Y, strict=True):
        h = W @ x
        J = A @ np.diag(1 - np.tanh(h) ** 2) @ W
        expected += np.outer(J.T @ (y - A @ np.tanh(h)), x) / 30
    (found,) = fact_matrices(X, net, parameters, (net(X, parameters) - Y) / 30)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert not np.allclose(expected, W.T @ W)


def test_fact_is_one_where_training_with_weight_decay_stands_still():
    net, ends = MLP((4, 5, 2), "tanh", parametrization="lecun"), []
    simulate(
        X,
        Y,
        net,
        steps=20_000,
        learning_rate=0.2,
        optimizer=Descent(full_batch=True, weight_decay=0.05),
        measure=Measure(20_000, observe=lambda _, step, parameters: ends.append(parameters)),
    )
    early, late = (float(measure(X, net, parameters, Y=Y).fact[0]) for parameters in ends)
    assert late == pytest.approx(1, abs=1e-4)
    assert early < 0.99


def test_a_function_that_starts_from_zero_needs_its_start():
    net = MLP((4, 6, 2), zero_initial_function=True)
    start, end = initial_parameters(net, 0), initial_parameters(net, 1)
    with pytest.raises(InputError, match="needs initial_weights"):
        measure(X, net, end, Y=Y)
    plain = MLP((4, 6, 2))
    shifted = measure(X, plain, end, start, Y=Y + plain(X, start))
    np.testing.assert_allclose(measure(X, net, end, start, Y=Y).fact, shifted.fact, rtol=1e-10)


def spoiled(parameters):
    """Lose one number of the second layer."""
    weights = [W.copy() for W in parameters.weights]
    weights[1][1, 0] = np.nan
    return type(parameters)(tuple(weights), parameters.biases)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X[:, :3]}, r"X must have shape \(n, 4\), got \(30, 3\)"),
        ({"X": X * np.nan}, "X must be finite, got nan in row 0, column 0"),
        (
            {"weights": "w.npz"},
            r"weights must be a sequence of matrices, one per layer, got the path 'w\.npz'; load it",
        ),
        ({"weights": spoiled(END)}, "weights, layer 2, must be finite, got nan in row 1, column 0"),
        ({"initial_weights": spoiled(END)}, "initial_weights, layer 2, must be finite, got nan in row 1, column 0"),
        ({"weights": START.weights}, r"weights must be a sequence of pairs \(matrix, bias\)"),
        ({"Y": Y[:9]}, r"X and Y must have shapes \(n, d\) and \(n, c\) with one n"),
        ({"Y": Y, "loss": "mes"}, "unknown loss 'mes'; did you mean 'mse'"),
    ],
)
def test_bad_input_is_answered_in_one_line(change, message):
    with pytest.raises(InputError, match=message):
        measure(**{"X": X, "net": NET, "weights": END, **change})


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_fact_in_public_is_minus_the_weights_times_the_gradient_of_the_loss(loss):
    """By central differences of the loss in each weight; the NFM itself is refused."""
    net, labels = MLP((4, 5, 2), "tanh", parametrization="lecun"), np.eye(2)[RNG.integers(2, size=30)]
    W, A = initial_parameters(net, 0).weights

    def loss_at(moved):
        outputs = np.tanh(X @ moved.T) @ A.T
        if loss == "mse":
            return np.sum((labels - outputs) ** 2) / 60
        return np.mean(np.log(np.sum(np.exp(outputs), axis=1)) - np.sum(labels * outputs, axis=1))

    slopes = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        move = np.zeros_like(W)
        move[place] = 1e-5
        slopes[place] = (loss_at(W + move) - loss_at(W - move)) / 2e-5
    found = fact(X, labels, net, [W, A], loss=loss, classes=False)
    np.testing.assert_allclose(found, -W.T @ slopes, atol=1e-8)
    assert abs(found - W.T @ W).max() > 1e-2


def test_fact_of_the_readout_is_refused():
    with pytest.raises(InputError, match="layer must be"):
        fact(X, Y, MLP((4, 5, 2)), initial_parameters(MLP((4, 5, 2)), 0), layer=2)
