"""The experiments at a size of seconds: their records, their verdicts, and the measures that are their own."""

import json

import numpy as np
import pytest

from nfa_theory import experiments
from nfa_theory.experiments.chain_monomial import subspace_overlap
from nfa_theory.experiments.collect import paired_p_value, verdict_of
from nfa_theory.experiments.converged import fact_matrix
from numerics import MLP, initial_parameters, neural_feature_matrix

SMALL = {
    "favored_layer": (
        {"train": 200, "depth": 2, "width": 32, "epochs": 3, "sgd_rates": (0.1, 0.5)},
        {"optimizer": 4, "layer": 2},
    ),
    "chain_monomial_features": (
        {"n": 100, "d": 8, "width": 16, "epochs": 3, "seeds": (0, 1, 2), "sgd_rates": (0.1,)},
        {"optimizer": 2, "seed": 3, "input": 8},
    ),
    "through_training": ({"train": 200, "depth": 2, "width": 32, "epochs": 3, "seeds": (0,)}, {"layer": 2}),
    "initialization_scale": (
        {"train": 100, "width": 32, "epochs": 5, "scales": (0.5, 2.0), "seeds": (0,)},
        {"scale": 2, "step": 2},
    ),
    "broken_alignment": ({"n": 100, "d": 6, "width": 500, "balances": (0.4, 0.1), "seeds": (0, 1)}, {"balance": 2}),
    "spectrum_decay": ({"n": 40, "d": 6, "width": 500, "decays": (0.0, 1.0), "seeds": (0, 1)}, {"decay": 2}),
    "batch_size": ({"train": 64, "width": 32, "sizes": (16, 64), "seeds": (0, 1)}, {"batch_size": 2, "step": 3}),
    "converged_with_weight_decay": ({"n": 40, "d": 4, "width": 8, "steps": 200, "seeds": (0, 1)}, {"exponent": 5}),
}


@pytest.mark.parametrize("name", SMALL)
def test_every_experiment_returns_a_record_with_a_verdict_and_twice_the_same(name):
    options, sizes = SMALL[name]
    record = getattr(experiments, name)(**options)
    assert record.attrs["experiment"] == name
    assert isinstance(verdict_of(record)["held"], bool)
    assert {key: record.sizes[key] for key in sizes} == sizes
    assert np.isfinite(record.uc_nfa.values).all()
    assert getattr(experiments, name)(**options).identical(record)
    json.loads(record.attrs["verdict"])
    record.to_netcdf(None, engine="scipy")


def test_every_experiment_is_tested():
    assert set(SMALL) == set(experiments.__all__)


def test_the_overlap_of_subspaces():
    V = np.eye(5)[:, :2]
    assert subspace_overlap(np.diag([3.0, 2.0, 1.0, 0.0, 0.0]), V, 2) == pytest.approx(1.0)
    assert subspace_overlap(np.diag([3.0, 0.0, 1.0, 2.0, 0.0]), V, 2) == pytest.approx(0.5)
    assert subspace_overlap(np.diag([0.0, 0.0, 1.0, 2.0, 0.0]), V, 2) == pytest.approx(0.0, abs=1e-12)


def test_the_paired_test_looks_one_way():
    assert paired_p_value([1.0, 2.0, 3.0], [1.5, 2.6, 3.4]) < 0.01
    assert paired_p_value([1.5, 2.6, 3.4], [1.0, 2.0, 3.0]) > 0.99


def test_the_fact_matrix_is_its_definition():
    rng = np.random.default_rng(0)
    X, Y, net = (
        rng.standard_normal((9, 3)),
        rng.standard_normal((9, 2)),
        MLP((3, 5, 2), "tanh", parametrization="lecun"),
    )
    parameters = initial_parameters(net, 0)
    W, A = parameters.weights
    expected = np.zeros((3, 3))
    for x, y in zip(X, Y, strict=True):
        h = W @ x
        J = A @ np.diag(1 - np.tanh(h) ** 2) @ W
        expected += np.outer(J.T @ (y - A @ np.tanh(h)), x) / 9
    np.testing.assert_allclose(fact_matrix(X, Y, net, parameters, 1), expected, rtol=1e-12)
    assert not np.allclose(expected, neural_feature_matrix(W))


@pytest.mark.slow
def test_slo_raises_the_alignment_of_any_layer_and_learns_no_worse():
    verdict = verdict_of(experiments.favored_layer())
    assert verdict["held"], verdict


@pytest.mark.slow
def test_slo_finds_the_directions_of_a_chain_better_than_sgd_at_its_best_rate():
    verdict = verdict_of(experiments.chain_monomial_features())
    assert verdict["held"], verdict
