"""Quadratic networks as the simulation trains them, against the derived alignment at early times."""

import math

import numpy as np
import pytest

from derivations.registry import get_derivation
from numerics import MLP, initial_parameters, simulate
from numerics.data.mixture import alignment_breaking_mixture
from numerics.optimizers import Descent

LEADING = get_derivation("quadratic.leading_order")
MEAN = get_derivation("quadratic.finite_width_mean")
TWO = get_derivation("data.two_directions")
SEEDS = 200
READOUT_FIXED = Descent(full_batch=True, layer_rates=(1.0, 0.0))


def network(inputs, width):
    return MLP((inputs, width, 1), "quadratic", readout="signs", zero_initial_function=True)


def measured(X, y, net, seeds, learning_rate=1e-7):
    """The C-NFA after one small step of the hidden layer, for each seed."""
    record = simulate(X, y, net, steps=1, learning_rate=learning_rate, optimizer=READOUT_FIXED, seed=seeds, measure=1)
    return record.c_nfa.isel(step=-1, layer=0).values


def moments(X, y):
    return X.T @ (y * X) / len(X), X.T @ X / len(X)


def gaussian_data(n, d, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * np.linspace(0.6, 1.4, d)
    return X, rng.standard_normal((n, 1))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_step_of_one_network_agrees_with_the_leading_order(seed):
    X, y = gaussian_data(30, 6, seed=10 + seed)
    net = network(6, 9)
    W, a = initial_parameters(net, seed).weights
    claimed = LEADING.function(Z=X, r=y, W=W, a=np.diag(a[0]), t=1.0)["C-NFA"]
    (found,) = measured(X, y, net, [seed])
    assert math.isclose(found, claimed, rel_tol=1e-6)


def test_the_mean_over_seeds():
    """A z-test at 4.5 standard errors (false alarms: 7e-6); an error of half a percent is seen."""
    X, y = gaussian_data(60, 4, seed=20)
    A, B = moments(X, y)
    width = 100
    found = measured(X, y, network(4, width), list(range(SEEDS)))
    claimed = MEAN.function(A=A, B=B, k=width)
    error = found.std() / math.sqrt(SEEDS)
    assert abs(found.mean() - claimed["mean"]) < 4.5 * error
    assert abs(found.mean() - 0.995 * claimed["mean"]) > 4.5 * error


def test_the_mixture_breaks_the_alignment_of_a_wide_network():
    """Down to 0.6 at balance 0.1: z-tests at 4.5 standard errors, with the correction of finite width.

    At width 400 a claim that is wrong by 5 % is refused.
    """
    X, y = alignment_breaking_mixture(40, 2, np.random.default_rng(0), balance=0.1)
    claimed = TWO.function(a=1.0, b=(1 / 9) ** 0.25, p=0.1, q=0.9, tau=9.0)
    assert math.isclose(claimed["C-NFA"], claimed["minimum"], rel_tol=1e-12)
    A, B = moments(X, y)
    for width in (100, 400):
        found = measured(X, y, network(2, width), list(range(SEEDS)))
        error = found.std() / math.sqrt(SEEDS)
        corrected = MEAN.function(A=A, B=B, k=width)
        assert math.isclose(corrected["limit"], claimed["minimum"], rel_tol=1e-12)
        assert abs(found.mean() - corrected["mean"]) < 4.5 * error
    assert abs(found.mean() - 1.05 * corrected["mean"]) > 4.5 * error
