"""`nfa verify --refute` counts what was refused, for people and for programs."""

import json

from nfa_theory.cli import main


def test_refused_claims_are_counted(capsys):
    assert main(["verify", "identities.fact", "early.one_batch", "--refute"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "identities.fact: killed 31 of 31"
    assert sum(line.startswith("  survived: ") for line in lines) == 8
    assert "(100.00 %); 8 more are equivalent to the true one" in lines[-1]


def test_refused_claims_are_counted_in_json(capsys):
    assert main(["verify", "identities.fact", "--refute", "--json", "--seed", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["killed"], found["total"], found["seed"]) == (31, 31, 3)
    (claim,) = found["claims"]
    assert claim["claim"] == "identities.fact"
    assert (claim["killed"], claim["equivalent"], claim["survivors"]) == (31, 0, [])
