from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.stats import norm

from numerics.data import SYNTHETIC_NAMES, synthetic_dataset
from numerics.errors import InputError


@pytest.mark.parametrize("name", SYNTHETIC_NAMES)
def test_every_name_gives_a_set_decided_by_its_seed(name):
    data = synthetic_dataset(name, 20, 6, seed=3, test=10)
    assert (data.name, data.X.shape, data.X_test.shape) == (name, (20, 6), (10, 6))
    assert (data.Y.shape, data.Y_test.shape) == ((20, 1), (10, 1))
    assert "seed=3" in data.source
    assert data.labels is None
    again = synthetic_dataset(name, 20, 6, seed=3)  # and the test set takes nothing from the training set
    assert again.X_test is None
    assert np.array_equal(data.X, again.X)
    assert np.array_equal(data.Y, again.Y)
    assert not np.array_equal(data.X, synthetic_dataset(name, 20, 6, seed=4).X)
    assert not np.isin(data.X_test[:, 0], data.X[:, 0]).all() or name == "alignment_breaking_mixture"


@pytest.mark.parametrize("name", SYNTHETIC_NAMES)
def test_float32_is_the_rounded_float64(name):
    single, double = (synthetic_dataset(name, 20, 6, dtype=dtype, test=10) for dtype in ("float32", "float64"))
    for symbol in ("X", "Y", "X_test", "Y_test"):
        assert getattr(single, symbol).dtype == np.float32
        assert np.array_equal(getattr(single, symbol), getattr(double, symbol).astype("float32"))


def monomials(P, lowest, degree):
    """All monomials of the columns of P, of these degrees."""
    columns = [
        np.prod(P[:, list(chosen)], axis=1)
        for k in range(lowest, degree + 1)
        for chosen in combinations_with_replacement(range(P.shape[1]), k)
    ]
    return np.stack(columns, axis=1)


def left_over(features, Y):
    """Share of Y that no linear combination of the features explains."""
    fit = features @ np.linalg.lstsq(features, Y, rcond=None)[0]
    return np.linalg.norm(Y - fit) / np.linalg.norm(Y)


@pytest.mark.parametrize(
    ("name", "parameters", "rank", "degrees"),
    [
        ("linear_teacher", {"outputs": 3, "rotate": True}, 3, (1, 1)),
        ("quadratic_teacher", {"rank": 2}, 2, (2, 2)),
        ("quadratic_teacher", {}, 6, (2, 2)),
        ("chain_monomial", {"rank": 4, "decay": 0.5}, 4, (2, 2)),
        ("multi_index", {"rank": 2, "degree": 4}, 2, (1, 4)),
    ],
)
def test_targets_depend_on_the_stated_directions_alone_and_on_each_of_them(name, parameters, rank, degrees):
    data = synthetic_dataset(name, 300, 6, seed=5, test=300, **parameters)
    U = data.directions
    assert U.shape == (6, rank)
    assert np.abs(U.T @ U - np.eye(rank)).max() < 1e-12
    for X, Y in ((data.X, data.Y), (data.X_test, data.Y_test)):
        assert left_over(monomials(X @ U, *degrees), Y) < 1e-12
        if rank > 1:
            assert left_over(monomials(X @ U[:, 1:], *degrees), Y) > 1e-3


def test_training_and_test_set_share_the_teacher():
    data = synthetic_dataset("linear_teacher", 30, 6, test=30)
    B = np.linalg.lstsq(data.X, data.Y, rcond=None)[0]
    assert np.allclose(data.X_test @ B, data.Y_test, rtol=0, atol=1e-12)


def test_linear_coefficients_have_variance_1_over_d_and_2_percent_more_is_refused():
    """z-test at 1e-6 over 240000 coefficients, read off a square system of noiseless targets."""
    d, outputs = 300, 800
    data = synthetic_dataset("linear_teacher", d, d, outputs=outputs, seed=6)
    variance = np.mean(np.linalg.solve(data.X, data.Y) ** 2)

    def consistent(claim):
        return abs(variance / claim - 1) < norm.isf(1e-6 / 2) * np.sqrt(2 / (d * outputs))

    assert consistent(1 / d)
    assert not consistent(1.02 / d)


def test_quadratic_eigenvalues_have_variance_1_over_rank():
    """z-test at 1e-6 over 1500 teachers, of |Q|^2 = chi^2_2 / 2; enough to see 20 percent."""
    teachers = 1500
    squares = []
    for seed in range(teachers):
        data = synthetic_dataset("quadratic_teacher", 3, 2, seed=seed)
        q00, q01, q11 = np.linalg.solve(monomials(data.X, 2, 2), data.Y[:, 0])
        squares.append(q00**2 + q01**2 / 2 + q11**2)  # the coefficient of x_0 x_1 is twice an entry of Q

    def consistent(claim):
        return abs(np.mean(squares) / claim - 1) < norm.isf(1e-6 / 2) / np.sqrt(teachers)

    assert consistent(1.0)
    assert not consistent(1.2)
    assert not consistent(0.8)


def test_decay_trace_and_rotation_reach_the_inputs():
    plain = synthetic_dataset("random_labels", 4000, 3, decay=2.0)
    traced = synthetic_dataset("random_labels", 4000, 3, decay=2.0, trace=4 * (1 + 1 / 4 + 1 / 9))
    assert np.allclose(traced.X, 2 * plain.X, rtol=1e-13)
    turned = synthetic_dataset("random_labels", 4000, 3, decay=2.0, rotate=True)
    correlation = np.corrcoef(turned.X.T)[np.triu_indices(3, 1)]
    assert np.abs(np.corrcoef(plain.X.T)[np.triu_indices(3, 1)]).max() < 0.1 < np.abs(correlation).max()
    spectrum = np.linalg.eigvalsh(turned.X.T @ turned.X / 4000)
    assert np.allclose(spectrum, [1 / 9, 1 / 4, 1], rtol=0.12)  # five standard errors of sqrt(2 / 4000)


def test_parameters_reach_labels_and_mixture():
    signs = synthetic_dataset("random_labels", 10, 3, outputs=2, law="sign")
    assert signs.Y.shape == (10, 2)
    assert set(np.unique(signs.Y)) == {-1.0, 1.0}
    mixture = synthetic_dataset("alignment_breaking_mixture", 10, 3, balance=0.4, strengths=(1, 2))
    assert np.allclose(np.unique(mixture.Y), [1 / 0.4, 2 / 0.6], rtol=1e-14)
    assert np.array_equal(mixture.directions, np.eye(3)[:, :2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chain_monomal", 9, 4, {}), r"unknown synthetic set 'chain_monomal'; did you mean 'chain_monomial'\?"),
        (("nothing", 9, 4, {}), r"unknown synthetic set 'nothing'; expected one of .*, alignment_breaking_mix"),
        (
            ("chain_monomial", 9, 4, {"rnak": 2}),
            r"unknown parameter of chain_monomial 'rnak'; did you mean 'rank'\?",
        ),
        (
            ("alignment_breaking_mixture", 9, 4, {"decay": 1.0}),
            "unknown parameter of alignment_breaking_mixture 'decay'; expected one of balance, variance, strengths",
        ),
        (("chain_monomial", 9, 4, {"rank": 5}), "rank must be an integer from 1 to 4, got 5"),
        (("chain_monomial", 1, 4, {}), "n must be an integer of at least 2, got 1"),
        (("chain_monomial", 9, 0, {}), "d must be an integer of at least 1, got 0"),
        (("chain_monomial", 9, 4, {"test": -1}), "test must be an integer of at least 0, got -1"),
        (("chain_monomial", 9, 4, {"seed": -1}), "seed must be an integer of at least 0, got -1"),
        (("chain_monomial", 9, 4, {"dtype": "int"}), "dtype must be float32 or float64, got int"),
        (("linear_teacher", 9, 4, {"outputs": 0}), "outputs must be an integer of at least 1, got 0"),
        (("quadratic_teacher", 9, 4, {"rank": 9}), "rank must be an integer from 1 to 4, got 9"),
        (("multi_index", 9, 4, {"degree": 0}), "degree must be an integer of at least 1, got 0"),
        (("multi_index", 9, 40, {"rank": 30, "degree": 9}), "must have at most 1000 monomials, got .* with 211915131"),
        (("alignment_breaking_mixture", 9, 1, {}), "d must be an integer of at least 2, got 1"),
    ],
)
def test_bad_arguments_are_refused(one_line, arguments, message):
    name, n, d, parameters = arguments
    with pytest.raises(InputError, match=message) as info:
        synthetic_dataset(name, n, d, **parameters)
    one_line(info)
