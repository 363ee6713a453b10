"""``results.json`` says how hard the court looked, and old files are still read."""

import json

import pytest

from nfa_theory.verify import verify
from nfa_theory.verify.results import court_results, read_settings
from numerics.errors import InputError

CLAIM = "identities.fact"


@pytest.fixture(scope="module")
def content():
    return court_results([verify(CLAIM, seed=3)], 3, "quick", 1.25)


def test_results_hold_everything_that_judging_took(content):
    assert (content["seed"], content["error_rate"], content["detectable"], content["power"]) == (3, 1e-6, 0.05, 0.99)
    assert {"version", "machine", "seconds"} <= set(content)
    claim = content["claims"][0]
    assert {"status", "seconds", "replicates", "errors", "unseen", "command"} <= set(claim)
    assert {"statistic", "threshold", "replicates", "predicted", "measured", "interval"} <= set(claim["findings"][0])


@pytest.mark.parametrize("schema", ["nfa-theory court 2", "nfa-theory court 1"])
def test_settings_are_read_from_every_schema(content, tmp_path, schema):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content | {"schema": schema}), encoding="utf-8")
    assert read_settings(path) == (3, "quick", [CLAIM])


def test_an_unknown_schema_is_refused(content, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content | {"schema": "nfa-theory court 0"}), encoding="utf-8")
    with pytest.raises(InputError, match=r'schema "nfa-theory court 2", got \'nfa-theory court 0\''):
        read_settings(path)
