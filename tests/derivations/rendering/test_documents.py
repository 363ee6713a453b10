"""Documents: JSON that can be read back, text that names what is broken, and LaTeX that, given LaTeX, compiles."""

import json
import shutil
import subprocess
from functools import cache

import pytest
from latex import badly_nested

from derivations.registry import all_derivations, get_derivation
from derivations.rendering import render_json, render_latex, render_text
from derivations.rendering.describe import describe

NAMES = tuple(all_derivations())


@cache
def document(name):
    return describe(get_derivation(name))


@pytest.mark.parametrize(
    ("latex", "problem"),
    [("{a}}{", "braces"), ("$a", "dollar signs"), (r"\left(a", "delimiters"), (r"\begin{a}\end{b}", "environment b")],
)
def test_bad_nesting_is_noticed(latex, problem):
    assert badly_nested(latex) == problem


def test_a_broken_obligation_is_shown():
    found = document("identities.fact")
    first = next(iter(found["obligations"]))
    broken = {**found, "obligations": {**found["obligations"], first: False}}
    assert f"BROKEN {first}" in render_text(broken)
    count = len(found["obligations"])
    assert count > 2
    assert f"{count - 1} of {count} obligations hold" in render_text(broken)


def test_json_can_be_read_back():
    found = document("early.centered_features")
    assert json.loads(render_json(found)) == found


def test_a_long_sum_is_cut_and_says_so():
    from derivations.algebra import Matrix, tr
    from derivations.rendering.formulas import equations_text

    letters = [Matrix(f"A{i}", "d") for i in range(60)]
    lines = equations_text("sum", sum((tr(each) for each in letters), tr(letters[0])))
    assert lines[-1].endswith("+ ... (40 further terms)")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_whole_document_compiles(tmp_path):
    path = tmp_path / "all.tex"
    path.write_text(render_latex(map(document, NAMES), "Derivations"), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-draftmode", path.name]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False, timeout=120
    )
    assert run.returncode == 0, run.stdout[-2000:]
