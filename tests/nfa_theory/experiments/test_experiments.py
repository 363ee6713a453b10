"""The experiments at a size of a second: their records, and the measures that are their own."""

import numpy as np
import pytest
from small_experiments import NEED_PYTORCH, SMALL

from nfa_theory.experiments import all_experiments, find_experiment, verdict_of
from nfa_theory.experiments.image_features.measure import top_eigenvectors
from nfa_theory.experiments.low_rank_features.measure import subspace_overlap
from numerics import InputError


def test_every_experiment_is_tested():
    assert set(SMALL) | set(NEED_PYTORCH) == set(all_experiments())


@pytest.mark.parametrize("name", SMALL)
def test_two_runs_give_identical_records(name, small):
    record = small(name)
    assert find_experiment(name)(**SMALL[name]).identical(record)
    assert record.attrs["experiment"] == name
    assert verdict_of(record)["outcome"] in {"held", "refuted", "undecided"}
    main = {"early_alignment": "measured", "finite_width": "measured"}.get(name, "uc_nfa")
    assert np.isfinite(record[main].values).all()
    assert record.sizes.get("seed", 3) == 3


@pytest.mark.parametrize("name", [*SMALL, *NEED_PYTORCH])
def test_options_of_the_quick_run_exist(name):
    experiment = find_experiment(name)
    assert set(experiment.quick) | set(experiment.paper or {}) <= set(experiment.defaults)
    assert experiment.claim.endswith(".")


def test_an_unknown_option_is_named():
    with pytest.raises(InputError, match="unknown option of batch_size 'size'; did you mean 'sizes'"):
        find_experiment("batch_size")(size=(1, 2))


def test_favored_layers_need_a_speed_each():
    with pytest.raises(InputError, match="speeds and after must have 2 numbers, got 1 and 2"):
        find_experiment("favored_layer")(train=20, depth=2, width=4, speeds=(1.0,), after=(0.1, 0.1))


def test_a_learning_rate_at_which_sgd_diverges_is_left_out():
    options = SMALL["low_rank_features"] | {"sgd_rates": (0.1, 1e6)}
    record = find_experiment("low_rank_features")(**options)
    assert record.optimizer.values.tolist() == ["sgd 0.1", "slo 1"]
    with pytest.raises(InputError, match="plain SGD must not diverge at all rates"):
        find_experiment("low_rank_features")(**options | {"sgd_rates": (1e6,)})


def test_the_overlap_of_subspaces():
    V = np.eye(5)[:, :2]
    assert subspace_overlap(np.diag([3.0, 2.0, 1.0, 0.0, 0.0]), V, 2) == pytest.approx(1.0)
    assert subspace_overlap(np.diag([3.0, 0.0, 1.0, 2.0, 0.0]), V, 2) == pytest.approx(0.5)
    assert subspace_overlap(np.diag([0.0, 0.0, 1.0, 2.0, 0.0]), V, 2) == pytest.approx(0.0, abs=1e-12)


def test_top_eigenvectors_come_in_falling_order_with_positive_sums():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((6, 6))
    A = A @ A.T
    values, vectors = top_eigenvectors(A, 3)
    assert (np.diff(values) < 0).all()
    assert (vectors.sum(axis=1) > 0).all()
    np.testing.assert_allclose(vectors @ A, values[:, None] * vectors, atol=1e-10)
    assert values[0] == pytest.approx(np.linalg.norm(A, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"), [("favored_layer", {}), ("low_rank_features", {"seeds": range(2000, 2030)})]
)
def test_slo_works(name, options):
    verdict = verdict_of(find_experiment(name)(**options))
    assert verdict["outcome"] == "held", verdict
