"""The estimator for many samples: unbiased over all subsets, honest errors, the same answers."""

import tracemalloc
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP, InputError, load_dataset
from nfa_theory.predict import predict_alignment, prediction
from nfa_theory.predict.limit import subsets
from nfa_theory.predict.limit.exact import limit_at_expected_residuals
from nfa_theory.predict.limit.strata import Strata, stratify, unbiased_kernels
from nfa_theory.predict.limit.subsets import subset_limits
from nfa_theory.predict.problem.problem import read_problem

BOUND = stats.norm.isf(0.5e-4)


@pytest.mark.parametrize("sizes", [((7, 4),), ((5, 3), (4, 3)), ((4, 3), (2, 2), (1, 1)), ((6, 3), (3, 3))])
def test_sums_over_subsets_are_unbiased(sizes):
    """Every subset is listed; sums of a matrix of numbers against the sums over all samples."""
    n = sum(size for size, _ in sizes)
    rng = np.random.default_rng(n)
    kappa, A = (each + each.T for each in rng.standard_normal((2, n, n)))
    ends = np.cumsum([size for size, _ in sizes])
    members = [np.arange(end - size, end) for end, (size, _) in zip(ends, sizes, strict=True)]
    strata = Strata(members, [count for _, count in sizes])
    first = np.zeros((n, n))
    second = np.zeros((n, n))
    every = list(
        product(*(combinations(each.tolist(), count) for each, count in zip(members, strata.drawn, strict=True)))
    )
    for parts in every:
        chosen = np.array(sum(parts, ()))
        grid = np.ix_(chosen, chosen)
        one, two = unbiased_kernels(kappa[grid], strata)
        first[grid] += one / len(every)
        second[grid] += two / len(every)
    np.testing.assert_allclose(n**2 * first, kappa, rtol=1e-10)
    np.testing.assert_allclose(n**3 * second, kappa @ kappa, rtol=1e-9, atol=1e-12)
    assert np.sum(A * first) != 0


def test_strata_follow_the_labels():
    Y = np.eye(3)[[0] * 50 + [1] * 48 + [2] * 2]
    strata = stratify(Y, 20)
    assert strata.drawn == [2, 10, 10]
    assert sorted(np.concatenate(strata.members).tolist()) == list(range(100))
    drawn = strata.draw(np.random.default_rng(0))
    assert len(set(drawn.tolist())) == 22
    assert [Y[drawn[part]].std(axis=0).max() for part in strata.parts] == [0, 0, 0]
    assert len(stratify(np.random.default_rng(0).standard_normal((200, 1)), 20).drawn) == 1


IMAGES = load_dataset("fashion_mnist_subset", train=400)
X, Y = IMAGES.X.astype(np.float64), IMAGES.Y.astype(np.float64)
NET = MLP((784, 64, 64, 10))


def on_subset(problem, chosen):
    """The same problem with some of its samples alone."""
    f, R = (None if each is None else each[chosen] for each in (problem.f, problem.R))
    return replace(problem, X=problem.inputs(chosen), Y=problem.Y[chosen], f=f, R=R)


def repeated(problem, seeds):
    found = [subset_limits(problem, np.random.default_rng(seed), lambda done, total: None) for seed in range(seeds)]
    return np.array([limit for limit, *_ in found]), np.array([error for _, error, _ in found])


@pytest.mark.parametrize("start", ["zero", "average"])
def test_the_estimate_is_unbiased_and_its_error_honest(monkeypatch, start):
    """z-test with a false-alarm rate of 1e-4 for each of two layers; the mean of subsets alone is refused."""
    monkeypatch.setattr(subsets, "SIZE", 40)
    monkeypatch.setattr(subsets, "COUNTS", (16,))
    problem = read_problem(X, Y, NET, start, "mse", None)
    exact = limit_at_expected_residuals(problem, np.random.default_rng(0))
    limits, errors = repeated(problem, 40)
    deviation = abs(limits.mean(axis=0) - exact) / (limits.std(axis=0, ddof=1) / np.sqrt(40))
    assert np.all(deviation <= BOUND)
    covered = lambda share: np.sum(abs(limits - exact) <= 2 * share * errors, axis=0)  # noqa: E731
    expected = stats.t.cdf(2, 15) - stats.t.cdf(-2, 15)  # a jackknife over 16 subsets
    least = stats.binom.ppf(1e-4, 40, expected)
    assert np.all(covered(1) >= least)
    assert np.all(covered(1 / 3) < least)  # errors that are three times too small
    np.testing.assert_allclose(np.sqrt((errors**2).mean(axis=0)), limits.std(axis=0, ddof=1), rtol=0.45)
    rng = np.random.default_rng(1)
    parts = [on_subset(problem, stratify(Y, 40).draw(rng)) for _ in range(40)]
    alone = np.array([limit_at_expected_residuals(part, rng) for part in parts])
    assert np.any(abs(alone.mean(axis=0) - exact) > BOUND * alone.std(axis=0, ddof=1) / np.sqrt(40))


def test_subsets_of_all_samples_are_exact():
    few, labels = X[:30], Y[:30]
    found = predict_alignment(few, labels, NET, "zero", method="subsets")
    np.testing.assert_allclose(found.limit, predict_alignment(few, labels, NET, "zero").limit, rtol=1e-9)
    np.testing.assert_allclose(found.limit_error, 0, atol=1e-9)


def test_many_samples_go_to_subsets_and_few_do_not(monkeypatch):
    assert predict_alignment(X, Y, NET, "zero").config["method"] == "exact"
    monkeypatch.setattr(prediction, "EXACT", 300)
    found = predict_alignment(X, Y, NET, "zero")
    assert found.config["method"] == "subsets"
    assert np.all(found.limit_error > 0)
    assert predict_alignment(X, Y, NET, "zero", method="exact").config["method"] == "exact"
    with pytest.raises(InputError, match="unknown method 'subset'; did you mean 'subsets'"):
        predict_alignment(X, Y, NET, "zero", method="subset")


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_a_memory_mapped_file_gives_the_same_numbers(tmp_path, dtype):
    array = (255 * (X - X.min()) / np.ptp(X)).astype(dtype)
    np.save(tmp_path / "X.npy", array)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for more in ({"method": "subsets"}, {"batch_size": 20, "draws": 2}):
        from_file, from_memory = (predict_alignment(each, Y, NET, "zero", **more) for each in (mapped, array))
        np.testing.assert_array_equal(from_file.limit, from_memory.limit)


def test_only_the_samples_that_are_drawn_are_kept(tmp_path):
    """80 MB in a file, and a bound on what is allocated."""
    n, d = 100_000, 100
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float64, (n, d))
    rng = np.random.default_rng(0)
    for start in range(0, n, 10_000):
        mapped[start : start + 10_000] = rng.standard_normal((10_000, d))
    labels = np.sign(mapped[:, :1])
    net = MLP((d, 32, 32, 1))
    tracemalloc.start()
    predict_alignment(np.load(tmp_path / "X.npy", mmap_mode="r"), labels, net, "zero")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.75 * 8 * n * d


def test_progress_is_told_to_the_end():
    calls = []
    predict_alignment(X, Y, NET, "zero", method="subsets", progress=lambda *at: calls.append(at))
    assert calls[-1][0] == calls[-1][1] == len(calls)
    assert [done for done, _ in calls] == list(range(1, len(calls) + 1))


def test_there_are_more_subsets_where_the_error_is_large(monkeypatch):
    monkeypatch.setattr(subsets, "SIZE", 60)
    monkeypatch.setattr(subsets, "AIM", 1.0)
    totals = set()
    first = predict_alignment(X, Y, NET, "zero", method="subsets", progress=lambda done, total: totals.add(total))
    assert totals == {16 * 17 // 2}
    monkeypatch.setattr(subsets, "AIM", 0.9 * (first.limit_error / first.limit).max())
    more = predict_alignment(X, Y, NET, "zero", method="subsets", progress=lambda done, total: totals.add(total))
    assert totals == {16 * 17 // 2, 32 * 33 // 2}
    assert np.all(more.limit_error < first.limit_error)


def test_labels_that_are_noise_are_refused_in_one_line():
    rng = np.random.default_rng(0)
    data, labels = rng.standard_normal((20_000, 50)), rng.standard_normal((20_000, 1))
    message = r"the labels must stand out from noise .* layer 1 within 3 standard errors .* use method=.exact."
    with pytest.raises(InputError, match=message) as caught:
        predict_alignment(data, labels, MLP((50, 32, 1)), "zero")
    assert "\n" not in str(caught.value)
