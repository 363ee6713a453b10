"""`nfa experiment`: what it writes, what it says, and how it refuses."""

import json

import pytest

from nfa_theory.cli import main
from nfa_theory.cli.commands.experiment import options_of
from nfa_theory.experiments import all_experiments, find_experiment
from nfa_theory.statistics.verdict import Part
from numerics import InputError


@pytest.fixture
def tiny(monkeypatch):
    """Make the quick size of an experiment tiny, and its drawing nothing: both are tested elsewhere."""
    experiment = find_experiment("spectrum_decay")
    monkeypatch.setitem(experiment.quick, "n", 30)
    monkeypatch.setitem(experiment.quick, "width", 400)
    monkeypatch.setattr("nfa_theory.figures.export.write_figure", lambda *_: [])


def test_the_list_names_every_experiment_and_its_claim(capsys):
    assert main(["experiment", "--list"]) == 0
    shown = capsys.readouterr().out
    assert all(each.name in shown and each.claim in shown for each in all_experiments().values())
    assert main(["experiment", "--list", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == list(all_experiments())


def test_it_writes_record_and_verdict_and_says_the_outcome(capsys, tmp_path, tiny):
    status = main(["experiment", "spectrum_decay", "--quick", "--seeds", "2", "--out", str(tmp_path / "out")])
    said = capsys.readouterr().out
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    assert said.startswith(f"spectrum_decay: {verdict['outcome']}\n")
    assert status == (1 if verdict["outcome"] == "refuted" else 0)
    assert verdict["options"]["seeds"] == [0, 1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["record.nc", "verdict.json"]


@pytest.mark.parametrize(
    ("seeds", "first_seed", "expected"),
    [(2, None, (1000, 1001)), (2, 7, (7, 8)), (None, 7, tuple(range(7, 17)))],
)
def test_seeds_follow_each_other_from_the_first(seeds, first_seed, expected):
    options = options_of(
        find_experiment("favored_layer"), quick=False, seeds=seeds, first_seed=first_seed, data=None, samples=None
    )
    assert options == {"seeds": expected}


def test_the_size_of_the_paper_is_a_preset():
    nothing = {"seeds": None, "first_seed": None, "data": None, "samples": None}
    options = options_of(find_experiment("convolutions"), quick=False, paper=True, **nothing)
    assert (options["channels"], options["train"], options["data"]) == (64, 50000, "found")
    with pytest.raises(InputError, match="--paper is for experiments with a preset"):
        options_of(find_experiment("exponents"), quick=False, paper=True, **nothing)
    with pytest.raises(InputError, match="two sizes: give one"):
        options_of(find_experiment("convolutions"), quick=True, paper=True, **nothing)


def test_a_refuted_claim_gives_exit_status_1(capsys, tmp_path, tiny, monkeypatch):
    false = [Part("one is negative", (1.0, 1.0), below=0.0)]
    monkeypatch.setattr("nfa_theory.experiments.spectrum_decay.measure.agreement", lambda *_: false)
    assert main(["experiment", "spectrum_decay", "--quick", "--out", str(tmp_path / "out"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == "refuted"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "NAME must be an experiment"),
        (["exponent"], "unknown experiment 'exponent'; did you mean 'exponents'?"),
        (["exponents", "--seeds", "0"], "--seeds must be at least 1, got 0"),
        (["exponents", "--first-seed", "-1"], "--first-seed must be at least 0, got -1"),
        (["exponents", "--data", "mnist"], "--data is for experiments on images or named teachers, got 'exponents'"),
        (["exponents", "--samples", "9"], "--samples is for experiments on images"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, message):
    assert main(["experiment", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_stopped_run_says_how_to_go_on(capsys, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("nfa_theory.experiments.frame.outputs.run_to_files", interrupted)
    assert main(["experiment", "exponents", "--out", str(tmp_path / "out")]) == 130
    assert "the same command goes on where it stopped" in capsys.readouterr().err
