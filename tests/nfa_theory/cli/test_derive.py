"""`nfa list` and `nfa derive`."""

import json

import pytest

from nfa_theory import claims, derivation_cache
from nfa_theory.cli import main

NAME = "identities.factorization"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(derivation_cache, "cache_folder", lambda: tmp_path)


def test_list_names_every_claim(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(claims)


def test_list_names_the_claims_of_a_chapter(capsys):
    assert main(["list", "linear", "--json"]) == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)]
    assert names == [name for name in claims if name.startswith("linear.")] != []
    assert main(["list", "liner"]) == 2
    assert capsys.readouterr().err == "nfa: unknown chapter 'liner'; did you mean 'linear'?\n"


def test_list_as_json(capsys):
    assert main(["list", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == list(claims)


@pytest.mark.parametrize(("format_", "start"), [("text", NAME), ("latex", "\\documentclass"), ("json", "{")])
def test_derive_writes_each_format(capsys, format_, start):
    assert main(["derive", NAME, "--format", format_]) == 0
    first = capsys.readouterr().out
    assert first.startswith(start)
    assert main(["derive", NAME, "--format", format_]) == 0  # now from the cache
    assert capsys.readouterr().out == first


def test_derive_all_is_one_document(capsys, monkeypatch):
    from derivations import registry

    few = {name: registry.get_derivation(name) for name in (NAME, "identities.fact")}
    monkeypatch.setattr(registry, "all_derivations", lambda: few)
    assert main(["derive", "--all", "--format", "latex"]) == 0
    latex = capsys.readouterr().out
    assert latex.count(r"\section{") == 2
    assert latex.count(r"\documentclass") == 1
    assert main(["derive", "--all", "--format", "json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == list(few)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["identities.fakt"], "nfa: unknown claim 'identities.fakt'; did you mean 'identities.fact'?"),
        ([], "nfa: nfa derive needs a claim or --all, got neither; nfa list shows the claims"),
        ([NAME, "--all"], "nfa: nfa derive needs a claim or --all, got both; nfa list shows the claims"),
        ([NAME, "-f", "late"], "nfa: unknown format 'late'; did you mean 'latex'?"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, message):
    assert main(["derive", *arguments]) == 2
    assert capsys.readouterr().err == message + "\n"
