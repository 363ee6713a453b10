"""What the flow conserves, and the power law of balanced networks, against integration of the flow on samples."""

from itertools import pairwise

import numpy as np
import pytest
from linear_flow import cosine, draw, nfm_and_agop, product, trained

from derivations.registry import get_derivation

TIMES = np.array([0.1, 1.0, 4.0])


def claims():
    return get_derivation("linear.conservation").function, get_derivation("linear.balanced_power")


def power(symmetric, exponent):
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * np.maximum(values, 0) ** exponent) @ vectors.T


def balanced(depth, size, seed):
    rng = np.random.default_rng(seed)
    frames = [np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(depth + 1)]
    strengths = rng.uniform(0.4, 1.2, size)
    weights = [frames[i + 1] * strengths @ frames[i].T for i in range(depth)]
    return weights, rng.standard_normal((9, size)), rng.standard_normal((9, size))


def test_the_difference_of_neighbors_does_not_move():
    invariant, _ = claims()
    weights, X, Y = draw((4, 3, 5, 2), 8, seed=6)
    start = [invariant(W1=low, W2=high)["invariant"] for low, high in pairwise(weights)]
    for moved in trained(weights, X, Y, TIMES):
        for i, before in enumerate(start):
            np.testing.assert_allclose(invariant(W1=moved[i], W2=moved[i + 1])["invariant"], before, atol=1e-11)
            wrong = moved[i + 1].T @ moved[i + 1] - 1.02 * moved[i] @ moved[i].T
            at_first = weights[i + 1].T @ weights[i + 1] - 1.02 * weights[i] @ weights[i].T
            assert np.max(np.abs(wrong - at_first)) > 1e-4


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_the_agop_of_every_layer_is_this_power_of_the_nfm(depth):
    _, claim = claims()
    weights, X, Y = balanced(depth, size=4, seed=depth)
    for moved in trained(weights, X, Y, TIMES):
        assert np.linalg.norm(product(moved, 4) - product(weights, 4)) > 0.05
        for layer in range(1, depth + 1):
            F, G = nfm_and_agop(moved[layer - 1], moved, layer)
            alpha = float(claim.closed_form["alpha"].subs({"L": depth, "l": layer}))
            np.testing.assert_allclose(power(G, alpha), F, rtol=1e-9, atol=1e-10)
            assert cosine(F, power(G, alpha)) == pytest.approx(1, abs=1e-13)
            assert cosine(F, power(G, 1.02 * alpha)) < 1 - 1e-7


@pytest.mark.parametrize("depth", [2, 3, 4, 5])
def test_the_plain_alignment_of_the_first_layer(depth):
    _, claim = claims()
    weights, X, Y = balanced(depth, size=4, seed=depth)
    moved = trained(weights, X, Y, TIMES)[-1]
    F, G = nfm_and_agop(moved[0], moved, 1)
    assert claim.function(F=F, L=depth, l=1)["UC-NFA"][depth - 2] == pytest.approx(cosine(F, G), rel=1e-10)
