"""Networks on more samples than fit into one piece, or than they can all see: against all samples at once."""

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP, predict_alignment
from nfa_theory.predict.limit.exact import limit_at_expected_residuals
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.width import many_samples
from nfa_theory.predict.width.many_samples import alignments_on_part, draw_part, samples_seen
from nfa_theory.predict.width.random_network import alignments_on_all

RNG = np.random.default_rng(6)
RARE = (RNG.random(600) < 0.04).astype(int)
X = RNG.standard_normal((600, 6)) + 3 * np.outer(RARE, np.eye(6)[0])
Y = np.eye(2)[RARE]
NET = MLP((6, 24, 24, 2))
BOUND = stats.norm.isf(0.5e-4)


@pytest.mark.parametrize(("start", "bias"), [("zero", False), ("average", True)])
def test_pieces_add_up_to_all_samples_at_once(monkeypatch, start, bias):
    monkeypatch.setattr(many_samples, "_NUMBERS", 24 * 2 * 50)  # pieces of 50 samples
    net = MLP((6, 24, 20, 2), "erf", bias=bias)
    problem = read_problem(X, Y, net, start)
    part = draw_part(problem, np.random.default_rng(0))
    found = alignments_on_part(problem, part, np.random.default_rng(3))
    np.testing.assert_allclose(found[0], alignments_on_all(problem, np.random.default_rng(3)), rtol=1e-9)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.all(abs(found[0] - alignments_on_all(problem, np.random.default_rng(4))) > 1e-6)


def test_a_part_has_its_share_of_each_class_and_stands_for_all(monkeypatch):
    monkeypatch.setattr(many_samples, "FEW", 150)
    monkeypatch.setattr(many_samples, "WORK", 0)
    problem = read_problem(X, Y, NET, "zero")
    assert samples_seen(problem) == 150
    part = draw_part(problem, np.random.default_rng(0))
    for half in part.halves:
        for which in (0, 1):
            assert half.weights[RARE[half.chosen] == which].sum() == pytest.approx(np.sum(RARE == which))
    assert not set(part.halves[0].chosen) & set(part.halves[1].chosen)
    assert part.left_out == pytest.approx(0.75, abs=0.02)


def test_parts_find_the_mean_on_all_samples(monkeypatch):
    """A z-test of mean and of spread with a false-alarm rate of 1e-4 for each of two layers, twice.

    Refused are the halves alone, twice as far from all samples, and the limit of infinite width on all samples plus the
    difference to it on parts.
    """
    for start in ("zero", "average"):
        exact = predict_alignment(X, Y, NET, start, networks=400, center_labels=False)
        exact.mean  # noqa: B018
        monkeypatch.setattr(many_samples, "FEW", 150)
        monkeypatch.setattr(many_samples, "WORK", 0)
        found = predict_alignment(X, Y, NET, start, networks=400, seed=1, center_labels=False)
        assert np.all(abs(found.mean - exact.mean) <= BOUND * np.hypot(exact.mean_error, found.mean_error))
        assert np.all(abs(found.std - exact.std) <= BOUND * np.hypot(exact.std_error, found.std_error))
        assert np.all(found.std_error < 0.3 * found.std)
        monkeypatch.undo()
    problem, rng = read_problem(X, Y, NET, "zero"), np.random.default_rng(5)
    limit, alone, shifted = limit_at_expected_residuals(problem, rng), [], []
    for _ in range(500):
        chosen = rng.choice(600, 25, replace=False)
        if not RARE[chosen].any():  # labels of one class alone have no alignment
            continue
        few = read_problem(X[chosen], Y[chosen], NET, "zero")
        alone.append(alignments_on_all(few, rng))
        shifted.append(limit + alone[-1] - limit_at_expected_residuals(few, rng))
    exact = predict_alignment(X, Y, NET, "zero", networks=400, center_labels=False)
    for wrong in (alone, shifted):
        error = np.hypot(np.std(wrong, axis=0, ddof=1) / np.sqrt(len(wrong)), exact.mean_error)
        assert np.any(abs(np.mean(wrong, axis=0) - exact.mean) > BOUND * error)
