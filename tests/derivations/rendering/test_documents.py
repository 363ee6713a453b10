"""Every derivation can be written as text, as JSON, and as LaTeX that is well formed and, given LaTeX, compiles."""

import json
import re
import shutil
import subprocess
from functools import cache

import pytest

from derivations.registry import all_derivations, get_derivation
from derivations.rendering import render_json, render_latex, render_text
from derivations.rendering.describe import describe

NAMES = tuple(all_derivations())
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")


@cache
def document(name):
    return describe(get_derivation(name))


def badly_nested(latex):
    """Say what is wrong with braces, environments, delimiters and mathematics mode, if anything."""
    unescaped = re.sub(r"\\[{}$\\]", "", latex.replace(r"\\", ""))
    if unescaped.count("{") != unescaped.count("}"):
        return "braces"
    depth = 0
    for letter in unescaped:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return "braces"
    if unescaped.count("$") % 2:
        return "dollar signs"
    if len(re.findall(r"\\left\b", latex)) != len(re.findall(r"\\right\b", latex)):
        return "delimiters"
    stack = []
    for kind, name in ENVIRONMENT.findall(latex):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            return f"environment {name}"
    return f"environment {stack[-1]}" if stack else ""


@pytest.mark.parametrize(
    ("latex", "problem"),
    [("{a}}{", "braces"), ("$a", "dollar signs"), (r"\left(a", "delimiters"), (r"\begin{a}\end{b}", "environment b")],
)
def test_bad_nesting_is_noticed(latex, problem):
    assert badly_nested(latex) == problem


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_well_formed(name):
    latex = render_latex([document(name)])
    assert badly_nested(latex) == ""
    assert latex.startswith(r"\documentclass")
    assert latex.rstrip().endswith(r"\end{document}")


@pytest.mark.parametrize("name", NAMES)
def test_names_and_formulas_have_no_line_breaks_of_their_own(name):
    found = document(name)
    equations = [*found["closed_form"].values(), *(each for step in found["steps"] for each in step["equations"])]
    for equation in equations:
        assert "\\\\" not in equation["left_latex"] + equation["right_latex"], equation["left"]


@pytest.mark.parametrize("name", NAMES)
def test_text_says_everything_and_no_latex_is_left_in_it(name):
    found = document(name)
    text = render_text(found)
    for heading in ("Claim.", "Derivation", "Closed form", "Checked: ", "Source. "):
        assert heading in text
    assert f"\n{len(found['steps'])}. " in text
    assert "\\" not in text
    assert "$" not in text
    assert "BROKEN" not in text


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
