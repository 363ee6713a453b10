"""Verdicts hold what is true, refuse what is false, and keep to their false-alarm rate."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom
from scipy.stats import t as student
from small_experiments import SMALL

from nfa_theory.experiments import find_experiment
from nfa_theory.statistics.error_rates import CLAIM_LEVEL
from nfa_theory.statistics.verdict import Part, Verdict

NUMBER = 1200
MOST_FALSE_ALARMS = binom.ppf(1 - 1e-6, NUMBER, CLAIM_LEVEL)  # exceeded with probability one in a million


def draws(mean, seeds=5):
    return mean + np.random.default_rng(1).standard_normal((NUMBER, seeds))


@pytest.mark.parametrize(("above", "below"), [(0.0, np.inf), (-np.inf, 0.0), (0.0, 3.0)])
def test_a_claim_that_is_just_false_is_held_no_more_often_than_the_level_says(above, below):
    held = sum(Part("", row, above, below).outcome() == "held" for row in draws(0.0))
    assert held <= MOST_FALSE_ALARMS


def test_a_claim_that_is_just_true_is_refuted_no_more_often_than_the_level_says():
    rows = draws(0.0).reshape(NUMBER // 4, 4, 5)
    refuted = sum(Verdict([Part("", row, 0.0) for row in rows_of_one]).outcome == "refuted" for rows_of_one in rows)
    assert refuted <= binom.ppf(1 - 1e-6, len(rows), CLAIM_LEVEL)


def test_the_test_has_power():
    assert np.mean([Part("", row, 0.0).outcome() == "held" for row in draws(4.0)]) > 0.9
    assert np.mean([Part("", row, 0.0).outcome() == "refuted" for row in draws(-4.0)]) > 0.9


def test_the_bounds_are_those_of_the_t_table():
    part = Part("", (1.0, 2.0, 3.0))  # t = 6.965 for 2 degrees of freedom at 0.01, standard error 1 / sqrt(3)
    assert part.bounds() == pytest.approx((2 - 6.9646 / 3**0.5, 2 + 6.9646 / 3**0.5), abs=1e-4)


def test_the_p_value_is_the_level_at_which_the_outcome_turns():
    part = Part("", (0.3, 0.5, 0.1, 0.6), above=0.0, below=1.0)
    assert part.outcome(part.p_value * 1.01) == "held"
    assert part.outcome(part.p_value * 0.99) == "undecided"


@pytest.mark.parametrize("values", [(1.0,), (1.0, np.nan, 1.0)])
def test_one_seed_or_a_missing_value_decides_nothing(values):
    verdict = Verdict([Part("", values, above=0.0)])
    assert verdict.outcome == "undecided"
    assert json.loads(verdict.to_json())["parts"][0]["p_value"] is None


def test_without_spread_the_mean_decides():
    assert Part("", (1.0, 1.0), above=0.0).outcome() == "held"
    assert Part("", (0.0, 0.0), above=0.0).outcome() == "refuted"


def test_one_part_that_fails_is_enough():
    good, bad, open_ = Part("", (1.0, 1.1), 0.0), Part("", (-1.0, -1.0001), 0.0), Part("", (1.0, -1.0), 0.0)
    assert Verdict([good, bad]).outcome == "refuted"
    assert Verdict([Part("", (1.0, 1.0), 0.0), open_]).outcome == "undecided"


def end_at(record, step):
    """Take the last measurement for one after so many steps."""
    record["step"] = [*record.step.values[:-1].tolist(), step]


def near(record, name, value):
    """Set a variable to a value, give or take a thousandth from seed to seed."""
    noise = np.random.default_rng(0).uniform(-5e-4, 5e-4, record.sizes["seed"])
    shape = [record.sizes["seed"] if dim == "seed" else 1 for dim in record[name].dims]
    record[name] = record[name].copy(data=np.broadcast_to(value, record[name].shape) + noise.reshape(shape))


def favored(record, chosen, others):
    is_favored = (record.favored == record.layer).broadcast_like(record.uc_nfa)
    return np.where(is_favored.transpose(*record.uc_nfa.dims), chosen, others)


def by_optimizer(record, name, slo, sgd):
    return np.where((record.favored > 0).broadcast_like(record[name]).transpose(*record[name].dims), slo, sgd)


def set_batches(record, first, epoch):
    """Let the C-NFA of small batches exceed that of all samples by so much, after one step and after one epoch."""
    small = (record.batch_size < record.batch_size.max()).broadcast_like(record.c_nfa).transpose(*record.c_nfa.dims)
    step = record.step.broadcast_like(record.c_nfa).transpose(*record.c_nfa.dims)
    near(record, "c_nfa", 0.9 + np.where(small, np.where(step == 1, first, epoch), 0.0))


def set_terms(record, centered, initial):
    end_at(record, 640)
    near(record, "uc_nfa", 0.9)
    is_last = (record.step == record.step.max()).broadcast_like(record.decomposition)
    values = np.zeros(record.decomposition.shape)
    values[..., 0, 0] = initial
    values[..., 2, 2] = np.where(is_last.transpose(*record.decomposition.dims).values[..., 2, 2], centered, 0.01)
    near(record, "decomposition", values)


def set_gap(record, wide):
    near(record, "uc_nfa", 0.5)
    scale = record.scale.broadcast_like(record.c_nfa).transpose(*record.c_nfa.dims)
    near(record, "c_nfa", 0.6 + wide * (scale == scale.max()))


def set_fall(record, slope):
    balance = record.balance.broadcast_like(record.c_nfa).transpose(*record.c_nfa.dims)
    near(record, "c_nfa", 0.5 + slope * balance)
    record["predicted"] = 0.5 + slope * record.balance.broadcast_like(record.predicted)


def set_decay(record, offset):
    near(record, "c_nfa", 0.5)
    record["predicted"] = record.predicted * 0 + 0.5 + offset


def set_fact(record, error, better):
    end_at(record, 60000)
    near(record, "fact_error", error)
    near(record, "uc_nfa", 0.9)
    near(record, "fact", 0.9 + better)


def set_early(record, limit, means=0.0, formula=0.0):
    """Let everything agree but for a spread that cancels; put the limit, the means and the formula off by so much."""
    k = record.width
    spread = record.measured * 0 + (record.seed - record.seed.mean()) * 1e-4
    record["measured"] = (0.8 + 1 / k + 3 / k**2 + spread).transpose(*record.measured.dims)
    record["predicted"] = record.predicted * 0 + 0.8 + limit
    record["predicted_mean"] = record.measured.mean("seed").transpose(*record.predicted_mean.dims) * (1 + means)
    record["predicted_error"] = record.predicted_error * 0 + 1e-4
    pairs = record.predicted_of_pair
    record["predicted_of_pair"] = (record.stepped.mean("learning_rate") * (1 + formula)).transpose(*pairs.dims)


def set_family(record, offset):
    """Let the deviations be quantiles of Student's t, those of last layers and all others, and move all by so many."""
    z = np.empty(record.sizes["comparison"])
    for rows in ((record.layer == record.depth).values, (record.layer != record.depth).values):
        z[rows] = student(int(record.seeds.min()) - 1).ppf((np.arange(rows.sum()) + 0.5) / rows.sum())
    error = np.hypot(record.measured_error, record.predicted_error)
    record["measured"] = record.predicted + error * (z + offset)


def set_training(record, gap):
    near(record, "uc_nfa", 0.5)
    near(record, "c_nfa", 0.5 + gap)


def set_exponents(record, at, plain):
    near(record, "generalized_at_predicted", at)
    near(record, "uc_nfa", plain)


def set_favored(record, alignment, behind):
    near(record, "uc_nfa", favored(record, alignment, 0.4))
    near(record, "accuracy", by_optimizer(record, "accuracy", 0.95 - behind, 0.95))


def set_images(record, alignment, overlap, behind):
    near(record, "uc_nfa", by_optimizer(record, "uc_nfa", alignment, 0.5))
    near(record, "overlap", by_optimizer(record, "overlap", overlap, 0.5))
    near(record, "test_accuracy", by_optimizer(record, "test_accuracy", 0.8 - behind, 0.8))


def set_low_rank(record, loss, overlap):
    near(record, "test_loss", by_optimizer(record, "test_loss", loss, 0.5))
    near(record, "overlap", by_optimizer(record, "overlap", overlap, 0.5))


def set_regimes(record, still, rise, gap):
    """Let the UC-NFA end so much above its start in NTK and in muP, and theory be so much above simulation."""
    at_end = (record.step == record.step.max()) * xr.where(record.parametrization == "ntk", still, rise)
    uc_nfa = (0.6 + at_end.broadcast_like(record.uc_nfa)).transpose(*record.uc_nfa.dims)
    near(record, "uc_nfa", uc_nfa)
    near(record, "c_nfa", 0.9)
    for name in ("uc_nfa", "c_nfa"):
        record[f"predicted_{name}"] = record[name].mean("seed") + gap


def set_one_pass(record, alignment, loss, missed):
    """Let alignments and the loss be off by so much, and gradient flow miss the C-NFA by so much."""
    for name in ("uc_nfa", "c_nfa"):
        near(record, name, aligned(record[f"predicted_{name}"], record[name]) + alignment)
    near(record, "loss", 1.0)
    record["loss"] = (record.predicted_loss * record.loss * (1 + loss)).transpose(*record.loss.dims)
    record["flow_c_nfa"] = record.predicted_c_nfa - missed


def aligned(values, like):
    return values.broadcast_like(like).transpose(*like.dims)


def set_both_exponents(record, little, much, distance):
    """Let one mode have moved little, and the others much, with exponents that are off by so much."""
    is_first = np.arange(record.sizes["mode"]) == 0
    record["x"] = record.x * 0 + xr.DataArray(np.where(is_first, 0.1, 50.0), dims="mode")
    moved = xr.DataArray(np.where(is_first, little, much), dims="mode")
    near(record, "excess", aligned(moved, record.excess))
    near(record, "distance", distance)


CASES = {  # how to set a record, values for which the claim is true, and values for which one part of it is false
    "batch_size": (set_batches, (0.05, 0.0), [(0.0, 0.0), (0.05, 0.02)]),
    "both_exponents": (set_both_exponents, (0.0, 0.0, 0.01), [(0.2, 0.0, 0.01), (0.0, 0.04, 0.01), (0.0, 0.0, 0.1)]),
    "broken_alignment": (set_fall, (0.5,), [(-0.5,)]),
    "converged_with_weight_decay": (set_fact, (0.005, 0.05), [(0.02, 0.05), (0.005, -0.05)]),
    "early_alignment": (
        set_early,
        (0.0,),
        [(0.02,), (-0.02,), (0.0, 0.02), (0.0, -0.02), (0.0, 0.0, 1e-4), (0.0, 0.0, -1e-4)],
    ),
    "finite_width": (set_family, (0.0,), [(8.0,), (-8.0,)]),
    "decomposition": (set_terms, (0.8, 0.1), [(0.1, 0.8), (0.001, -0.1)]),
    "exponents": (set_exponents, (0.995, 0.9), [(0.98, 0.9), (0.995, 0.999)]),
    "favored_layer": (set_favored, (0.92, -0.01), [(0.88, -0.01), (0.92, 0.01)]),
    "image_features": (set_images, (0.6, 0.6, 0.0), [(0.4, 0.6, 0.0), (0.6, 0.4, 0.0), (0.6, 0.6, 0.02)]),
    "initialization_scale": (set_gap, (0.1,), [(-0.1,)]),
    "low_rank_features": (set_low_rank, (0.4, 0.6), [(0.6, 0.6), (0.4, 0.4)]),
    "one_pass": (
        set_one_pass,
        (0.0, 0.0, 0.1),
        [(0.02, 0.0, 0.1), (-0.02, 0.0, 0.1), (0.0, 0.1, 0.1), (0.0, 0.0, 0.0)],
    ),
    "regimes": (set_regimes, (0.0, 0.1, 0.0), [(0.1, 0.1, 0.0), (0.0, 0.0, 0.0), (0.0, 0.1, 0.05), (0.0, 0.1, -0.05)]),
    "spectrum_decay": (set_decay, (0.01,), [(0.03,), (-0.03,)]),
    "through_training": (set_training, (0.1,), [(-0.1,)]),
}


def test_every_claim_has_a_twin_that_is_false():
    assert set(CASES) == set(SMALL)


@pytest.mark.parametrize("name", CASES)
def test_a_claim_is_held_where_it_is_true(name, small):
    change, true, _ = CASES[name]
    record = small(name)
    change(record, *true)
    verdict = find_experiment(name).judge(record)
    assert verdict.outcome == "held", verdict.to_json()


@pytest.mark.parametrize(("name", "values"), [(name, false) for name, case in CASES.items() for false in case[2]])
def test_a_claim_is_refused_where_one_part_of_it_is_false(name, values, small):
    record = small(name)
    CASES[name][0](record, *values)
    assert find_experiment(name).judge(record).outcome == "refuted"


@pytest.mark.parametrize("name", ["converged_with_weight_decay", "decomposition"])
def test_a_run_that_is_too_short_says_nothing_for_or_against(name, small):
    change, true, false = CASES[name]
    for values in (true, *false):
        record = small(name)
        change(record, *values)
        steps = int(record.step.values[-1])
        end_at(record, steps - 1)
        verdict = find_experiment(name).judge(record)
        assert verdict.outcome == "undecided"
        assert f"training for {steps} steps, this run has {steps - 1}" in verdict.missing
