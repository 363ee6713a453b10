"""The main job on a tiny plan: everything is there, and the numbers are those of the records."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from derivations.derivation import Derivation
from nfa_theory.derivation_cache import cached_document
from nfa_theory.experiments.through_training.measure import four_a_decade
from nfa_theory.figures.gallery import read_record
from nfa_theory.reproduce import PLANS, Plan, reproduce
from nfa_theory.reproduce.results import worst
from nfa_theory.statistics.seeds import summary
from nfa_theory.verify.court import PROFILES, verify
from nfa_theory.verify.results import read_settings, verdict_content
from nfa_theory.workers import Workers
from numerics.errors import InputError

TINY = Plan(
    "quick",
    depth=2,
    width=16,
    training_seeds=2,
    training_steps=12,
    prediction_samples=40,
    widths=(16, 32, 64, 128),
    fitted_from=32,
    initializations=4,
    grid_depths=(1,),
    grid_widths=(16, 32),
    court_profile="quick",
    claims=("identities.factorization", "identities.fact"),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Run the job once, in processes of its own."""
    folder = tmp_path_factory.mktemp("run") / "results"
    shares = []
    content = reproduce(TINY, folder, lambda share, what: shares.append(share))
    return folder, content, shares


def test_all_files_are_there_and_nothing_else(finished):
    folder, _, _ = finished
    figures = ("early_alignment", "alignment", "prediction", "decomposition", "finite_width")
    endings = (".csv", ".pdf", ".png", ".svg", "_one_column.pdf", "_one_column.png", "_one_column.svg")
    expected = {f"figures/{name}{ending}" for name in figures for ending in endings}
    expected |= {
        "records/training.nc",
        "records/early_alignment.nc",
        "records/finite_width.nc",
        "results.json",
        "report.html",
        "chapters/identities.html",
    }
    assert {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} == expected
    assert [p.name for p in folder.parent.iterdir()] == ["results"]


def test_results_json_is_what_was_returned(finished):
    folder, content, _ = finished
    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == content
    assert content["schema"] == "nfa-theory results 2"
    assert content["command"] == "nfa reproduce --quick --seed 0"
    assert content["plan"]["widths"] == [16, 32, 64, 128]


def test_the_numbers_are_those_of_the_records(finished):
    folder, content, _ = finished
    record = read_record(folder / "records" / "training.nc")
    with xr.open_dataset(folder / "records" / "early_alignment.nc", engine="scipy") as table:
        measured, seeds = table["measured"].values, table["weights_seed"].values
        predicted = table["predicted_mean"].values
    final = record["uc_nfa"].values[:, -1, 1]
    shown = content["training"]["layers"][1]["uc_nfa_final"]
    assert shown["mean"] == pytest.approx(final.mean())
    assert shown["standard_deviation"] == pytest.approx(abs(final[0] - final[1]) / np.sqrt(2))
    early = content["early_alignment"]["layers"][0]["measured"][2]
    assert early["predicted"] == predicted[2, 0]
    assert abs(early["predicted"] / early["mean"] - 1) > 1e-9  # of other networks than the measured ones
    assert early["width"] == 64
    assert early["standard_error"] == pytest.approx(measured[2, :, 0].std(ddof=1) / 2)
    assert len(set(seeds.ravel()) | set(content["training"]["seeds"])) == 2 + 4 * 4


def test_the_means_at_finite_width_are_those_of_the_record(finished):
    folder, content, _ = finished
    with xr.open_dataset(folder / "records" / "finite_width.nc", engine="scipy") as table:
        assert table.sizes["comparison"] == content["finite_width"]["family"]["comparisons"] == 5 * 2
        error = np.hypot(table["measured_error"], table["predicted_error"])
        greatest = float(abs((table["measured"] - table["predicted"]) / error).max())
    assert content["finite_width"]["family"]["greatest"] == pytest.approx(greatest)
    assert "finite_width" in (folder / "report.html").read_text(encoding="utf-8")


def test_only_the_fitted_widths_decide(finished):
    """Narrow networks are shown, but the expansion does not describe them."""
    folder, content, _ = finished
    with xr.open_dataset(folder / "records" / "early_alignment.nc", engine="scipy") as table:
        measured = table["measured"].values[1:, :, 0].mean(axis=1)
    widths = np.array([32.0, 64.0, 128.0])
    exact = np.linalg.solve(1 / widths[:, None] ** np.arange(3), measured)
    assert content["early_alignment"]["layers"][0]["extrapolated"] == pytest.approx(exact[0])


def test_progress_rises_to_one(finished):
    _, _, shares = finished
    assert np.all(np.diff(shares) >= 0)
    assert shares[-1] == 1.0
    assert 0 < shares[0] < 0.5


def timeless(content):
    """Leave out how long things took."""
    if isinstance(content, dict):
        return {key: timeless(value) for key, value in content.items() if "seconds" not in key}
    return list(map(timeless, content)) if isinstance(content, list) else content


def test_the_verdicts_are_those_of_the_court(finished):
    _, content, _ = finished
    verdicts = [verdict_content(verify(name, 0, profile=PROFILES["quick"])) for name in TINY.claims]
    assert timeless(content["court"]["claims"]) == timeless(verdicts)
    assert [each["status"] for each in verdicts] == ["held", "held"]
    assert content["court"]["detectable"] == 0.05


def test_the_court_can_judge_again_what_the_results_hold(finished):
    folder, _, _ = finished
    assert read_settings(folder / "results.json") == (0, "quick", list(TINY.claims))


@pytest.fixture
def one_process(monkeypatch):
    monkeypatch.setattr("nfa_theory.reproduce.run.Workers", lambda: Workers(1))


@pytest.mark.usefixtures("one_process")
def test_claims_alone_need_no_networks(tmp_path):
    plan = replace(TINY, claims=("identities.fact",), networks=False)
    content = reproduce(plan, tmp_path / "r")
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["chapters", "report.html", "results.json"]
    assert content["command"] == "nfa reproduce --quick --seed 0 --only identities.fact"
    assert "training" not in content


@pytest.mark.usefixtures("one_process")
def test_a_single_file_holds_what_the_chapters_hold(tmp_path):
    plan = replace(TINY, claims=("identities.fact",), networks=False)
    reproduce(plan, tmp_path / "r", single_file=True)
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["report.html", "results.json"]
    assert "nfa derive identities.fact" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(("obligations", "status"), [({"x": True, "y": False}, "refuted"), ({}, "error")])
def test_obligations_that_an_earlier_run_decided_count(tmp_path, monkeypatch, obligations, status):
    """What lies in the cache is judged: an obligation that is broken there refutes, none at all is an error."""
    document = cached_document("identities.fact") | {"obligations": obligations}
    monkeypatch.setattr("nfa_theory.derivation_cache.cached_document", lambda name, anew: document)
    monkeypatch.setattr(Derivation, "obligations", lambda *_: {})
    (claim,) = reproduce(replace(TINY, claims=("identities.fact",), networks=False), tmp_path)["court"]["claims"]
    assert claim["status"] == status
    assert claim["broken_obligations"] == (["y"] if status == "refuted" else [])


def test_the_worst_verdict_counts():
    assert worst(["held", "undecided", "refuted"]) == "refuted"
    assert worst(["unchecked"]) == "unchecked"


def test_an_unknown_claim_is_refused():
    with pytest.raises(InputError, match=r"unknown claim 'identities\.fat'; did you mean 'identities\.fact'"):
        Plan("quick", claims=("identities.fat",))


def test_the_same_plan_gives_the_same_bytes(finished, tmp_path):
    folder, content, _ = finished
    again = reproduce(TINY, tmp_path)
    assert timeless(again) == timeless(content)
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("results.json", "report.html"):  # these tell how long it took
            assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_another_seed_shares_no_network():
    assert not set(TINY.seeds()) & set(replace(TINY, seed=1).seeds())
    for plan in PLANS.values():
        assert plan.seeds().max() < replace(plan, seed=1).seeds().min()
        assert replace(plan, seed=2**19 - 1).seeds().max() < 2**31


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(InputError, match="seed must be an integer from 0 to 524287, got -1"):
        Plan("quick", seed=-1)


def test_one_seed_has_no_spread():
    assert summary(np.array([0.3])) == {"mean": 0.3, "standard_deviation": None, "standard_error": None}


def test_measured_steps_end_with_the_last():
    assert four_a_decade(0) == [0]
    assert four_a_decade(30) == [0, 1, 2, 4, 7, 10, 20, 30]
