"""Averages over the random function against functions that are drawn: z-tests with a false-alarm rate of 1e-4 each.

The twins: averages two percent off, and the ratio of averages in the place of the average of the ratio.
"""

import numpy as np
import pytest
from scipy import stats

from derivations.registry import get_derivation
from derivations.wide.random_function import PARTS

BOUND = stats.norm.isf(0.5e-4)
DRAWS = 200_000
rng = np.random.default_rng(4)
Z, Y = rng.standard_normal((4, 2)), 0.7 * rng.standard_normal((4, 2))
S = Z @ Z.T
factor = rng.standard_normal((4, 4)) / 2
Sigma = factor @ factor.T
features = rng.standard_normal((4, 5))
kappa0 = features @ features.T


@pytest.fixture(scope="module")
def products():
    """``R R^T`` of drawn functions, a stack."""
    R = Y - factor @ np.random.default_rng(5).standard_normal((DRAWS, 4, 2))
    return R @ np.swapaxes(R, 1, 2)


@pytest.fixture(scope="module")
def traces(products):
    """The three traces, by the definitions of P and Q."""
    P, Q = ((kernel * products) @ S for kernel in (kappa0, kappa0 @ kappa0))
    return {
        part: np.einsum("dij,dji->d", left, right)
        for part, left, right in zip(PARTS, (P, P, Q), (Q, P, Q), strict=True)
    }


def claimed():
    return get_derivation("wide.random_function_traces").function(kappa0=kappa0, S=S, Sigma=Sigma, Y=Y)


def z_score(values, mean):
    return (values.mean(axis=0) - mean) / (values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def test_the_mean_of_the_products_of_residuals(products):
    mean = get_derivation("wide.random_function_products").function(Y=Y, Sigma=Sigma)["mean"]
    entries = np.triu_indices(4)
    bound = stats.norm.isf(0.5e-4 / len(entries[0]))
    assert np.all(abs(z_score(products, mean)[entries]) <= bound)
    assert np.any(abs(z_score(products, 1.02 * mean)[entries]) > bound)
    assert np.any(abs(z_score(products, Y @ Y.T + Sigma)[entries]) > bound)


@pytest.mark.parametrize("part", PARTS)
def test_the_means_of_the_traces(traces, part):
    mean = claimed()[part]
    assert abs(z_score(traces[part], mean)) <= BOUND
    assert abs(z_score(traces[part], 1.02 * mean)) > BOUND


def test_the_traces_at_the_mean_product_are_not_their_means(traces):
    mean = Y @ Y.T + 2 * Sigma
    P = kappa0 * mean @ S
    assert abs(z_score(traces["first"], np.trace(P @ P))) > BOUND


def test_the_ratio_of_averages_is_not_the_average_of_the_ratio(traces):
    ratio = traces["numerator"] / np.sqrt(traces["first"] * traces["second"])
    found = claimed()
    assert found["ratio_of_averages"] == found["numerator"] / np.sqrt(found["first"] * found["second"])
    assert abs(z_score(ratio, found["ratio_of_averages"])) > BOUND


def test_without_a_random_function_the_traces_are_those_of_the_labels():
    found = get_derivation("wide.random_function_traces").function(kappa0=kappa0, S=S, Sigma=0 * Sigma, Y=Y)
    P, Q = ((kernel * (Y @ Y.T)) @ S for kernel in (kappa0, kappa0 @ kappa0))
    assert found["numerator"] == pytest.approx(np.trace(P @ Q), rel=1e-12)
    assert found["second"] == pytest.approx(np.trace(Q @ Q), rel=1e-12)
