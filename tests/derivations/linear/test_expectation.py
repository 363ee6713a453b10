"""Average early features over Gaussian weights against samples.

Every z-test refuses at 4.5 standard errors; there are 9 of them, so a true claim fails once in 16 000 seeds. Each
sample is large enough that the same test refuses a claim that is wrong by 2 %.
"""

import numpy as np
import pytest

from derivations.forms.evaluation import evaluate_formula
from derivations.linear.expectation import early_alignment
from derivations.registry import get_derivation

LIMIT = 4.5
rng = np.random.default_rng(20)
YX = rng.standard_normal((3, 4))
XX = np.diag([1.5, 1.0, 0.7, 0.3]) + 0.1


def traces(A, E):
    """Numerator and squared norms of the C-NFA for samples of weights: ``dW = A^T E``."""
    dW = np.einsum("sck,scd->skd", A, E)
    hidden = A @ dW
    F, G = dW.transpose(0, 2, 1) @ dW, hidden.transpose(0, 2, 1) @ hidden
    return np.array([np.einsum("sij,sij->s", a, b) for a, b in ((F, G), (F, F), (G, G))])


def z(samples, claimed):
    return abs(samples.mean() - claimed) / (samples.std() / np.sqrt(len(samples)))


def averages(name, **values):
    ratio = get_derivation(f"linear.{name}").closed_form["ratio of averages"]
    return [float(evaluate_formula(part, values)) for part in (ratio.numerator, ratio.first, ratio.second)]


@pytest.mark.parametrize("name", ["zero_function", "random_function"])
def test_averages_of_numerator_and_norms_at_finite_width(name):
    rng = np.random.default_rng(7)
    k, gamma, count, rounds = 24, 0.08, 100_000, 4
    parts = []
    for _ in range(rounds):
        A = rng.standard_normal((count, 3, k))
        start = 0 if name == "zero_function" else gamma * A @ rng.standard_normal((count, k, 4)) @ XX
        parts.append(traces(A, YX - start if name == "random_function" else np.broadcast_to(YX, (count, 3, 4))))
    samples = np.concatenate(parts, axis=1)
    claimed = averages(name, M=YX @ YX.T, Sigma_yx=YX, Sigma_xx=XX, gamma=gamma, k=k)
    for sample, claim in zip(samples, claimed, strict=True):
        assert z(sample, claim) < LIMIT
        assert min(z(sample, 0.98 * claim), z(sample, 1.02 * claim)) > LIMIT


@pytest.mark.parametrize("labels", [YX, np.eye(3)])
def test_the_mean_alignment_of_wide_networks(labels):
    """The readout enters by ``A A^T`` only, drawn by its triangular factor (Bartlett), as cheap at any width.

    At this width the next order, ``k^-2``, is a tenth of a percent of the term that is tested.
    """
    rng = np.random.default_rng(9)
    k, count = 60_000, 400_000
    N, D1, D2 = traces(bartlett(rng, k, count), np.broadcast_to(labels, (count, *labels.shape)))
    alignment = N / np.sqrt(D1 * D2)
    claimed = early_alignment(labels, k)["mean C-NFA"]
    assert z(alignment, claimed) < LIMIT
    assert min(z(alignment, 1 + factor * (claimed - 1)) for factor in (0.98, 1.02)) > LIMIT


def equal_strengths(k, seed):
    """Alignments of samples with equal strengths, and what is claimed of them."""
    rng, count = np.random.default_rng(seed), 400_000
    N, D1, D2 = traces(bartlett(rng, k, count), np.broadcast_to(np.eye(3), (count, 3, 3)))
    return N / np.sqrt(D1 * D2), get_derivation("linear.equal_strengths").function(c=3, k=k)


def test_the_mean_for_equal_strengths_to_second_order():
    """So wide that the third order is hidden, and the second one is seen."""
    alignment, claimed = equal_strengths(k := 3000, seed=11)
    assert z(alignment, claimed["mean"]) < LIMIT
    assert z(alignment, 1 - 10 / (6 * k)) > LIMIT
    assert min(z(alignment, 1 + factor * (claimed["mean"] - 1)) for factor in (0.98, 1.02)) > LIMIT


def test_the_variance_for_equal_strengths():
    alignment, claimed = equal_strengths(60_000, seed=12)
    squares = (alignment - alignment.mean()) ** 2
    assert z(squares, claimed["variance"]) < LIMIT
    assert min(z(squares, factor * claimed["variance"]) for factor in (0.98, 1.02)) > LIMIT


def bartlett(rng, k, count):
    """Triangular factors of ``A A^T / k`` for three outputs."""
    L = np.tril(rng.standard_normal((count, 3, 3)), -1)
    for i in range(3):
        L[:, i, i] = np.sqrt(rng.chisquare(k - i, count))
    return L / np.sqrt(k)


def test_the_mean_of_the_ratio_is_not_the_ratio_of_means():
    found = early_alignment(YX, 100)
    assert found["ratio of averages"] != pytest.approx(found["mean C-NFA"], abs=1e-3)


def test_equal_strengths_leave_one_by_half_the_outputs_over_the_width():
    for c in (1, 2, 6):
        assert early_alignment(np.eye(c), 50)["mean C-NFA"] == pytest.approx(1 - (c + 1 - 2 / c) / 100, abs=1e-14)
