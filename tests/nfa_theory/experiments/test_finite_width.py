"""Means at finite width: every network has a seed of its own, and the verdict can refuse."""

import numpy as np
import pytest
import xarray as xr
from small_experiments import SMALL, small_record

from nfa_theory.experiments import find_experiment
from nfa_theory.experiments.finite_width.case import ACTIVATIONS, Case
from nfa_theory.experiments.finite_width.measure import measured_networks
from nfa_theory.statistics.family import family
from numerics import InputError
from numerics.data import load_dataset


def test_every_case_has_seeds_of_its_own():
    cases = [Case("x", name, depth, width) for name in ACTIVATIONS for depth in (1, 2, 3) for width in (64, 256, 1024)]
    seeds = np.concatenate([case.seeds(30, seed) for case in cases for seed in (0, 1)])
    assert len(set(seeds.tolist())) == len(seeds)
    assert seeds.min() >= 0
    assert Case("x", "relu", 2, 64).name == "x-relu-2x64"
    np.testing.assert_array_equal(cases[0].seeds(3, 5), cases[0].seeds(30, 5)[:3])


def test_the_measured_means_are_those_of_networks_of_the_case():
    options, table = SMALL["finite_width"], small_record("finite_width")
    row = table.isel(comparison=-1)
    case = Case(str(row.data.values), str(row.activation.values), int(row.depth), int(row.width))
    images = load_dataset(case.data, train=options["train"], test=0, dtype="float32")
    measured = measured_networks(case, images, len(options["seeds"]), options["seeds"][0])
    assert float(row.measured) == pytest.approx(measured[:, int(row.layer) - 1].mean(), rel=1e-12)
    assert table.sizes["comparison"] == len(ACTIVATIONS) * 2 * 2
    assert set(table.activation.values.tolist()) == set(ACTIVATIONS)


def test_the_verdict_is_that_of_the_family_and_refuses_shifted_means():
    table, judge = small_record("finite_width"), find_experiment("finite_width").judge
    assert judge(table).outcome == ("held" if family(table).held else "refuted")
    far = table.measured + 40 * table.measured_error
    assert judge(table.assign(measured=far)).outcome == "refuted"


def test_each_width_can_have_a_number_of_networks():
    few = {"depths": (1,), "activations": ("erf",), "train": 20, "seeds": (0, 1), "widths": (8, 16)}
    record = find_experiment("finite_width")(**few, networks=(4, 6))
    assert isinstance(record, xr.Dataset)
    with pytest.raises(InputError, match="networks must be one number or 2, one for each width, got 3"):
        find_experiment("finite_width")(**few, networks=(4, 6, 8))
