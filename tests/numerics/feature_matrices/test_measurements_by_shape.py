"""A layer is measured on its units or on its inputs, whichever are fewer: the numbers are those of the definition."""

import numpy as np
import pytest

from numerics import alignment, measure_layer


@pytest.mark.parametrize("shape", [(3, 8), (8, 3), (5, 5)])
@pytest.mark.parametrize("kind", ["cosine", "pearson"])
def test_both_ways_give_the_definition(shape, kind):
    rng = np.random.default_rng(0)
    W0, dW, B = rng.standard_normal(shape), rng.standard_normal(shape), rng.standard_normal((shape[0], shape[0]))
    W, K = W0 + dW, B.T @ B
    measured = measure_layer(W, W0, K, kind)
    assert measured.uc_nfa == pytest.approx(alignment(W.T @ W, W.T @ K @ W, kind), rel=1e-12)
    assert measured.c_nfa == pytest.approx(alignment(dW.T @ dW, dW.T @ K @ dW, kind), rel=1e-12)
    assert measured.decomposition.sum() == pytest.approx(measured.uc_nfa, rel=1e-12)

    def part(A):
        return A - A.mean() if kind == "pearson" else A

    F, G = part(W.T @ W), part(W.T @ K @ W)
    first = np.sum(part(W0.T @ W0) * part(dW.T @ K @ dW)) / (np.linalg.norm(F) * np.linalg.norm(G))
    assert measured.decomposition[0, 2] == pytest.approx(first, rel=1e-10)
