"""What a notebook shows: the numbers of the result, mathematics as MathML, and markup that is whole."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import nfa_theory as nfa
from nfa_theory.mathml import mathml, prose

CLAIMS = ("quadratic.leading_order", "linear.two_layers", "wide.dual_quadratic")


def parsed(html):
    return ET.fromstring(f"<div>{html}</div>")  # the HTML that we write is XML too, so a missing end is an error


@pytest.fixture(scope="module")
def prediction():
    data = nfa.synthetic_dataset("quadratic_teacher", 30, 4)
    return nfa.predict_alignment(data.X, data.Y, nfa.MLP((4, 8, 8, 1)), networks=4)


def text_of(html):
    return " ".join("".join(parsed(html).itertext()).split())


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_shows_its_statement_its_closed_form_and_its_steps(name):
    claim = nfa.claims[name]
    html = claim._repr_html_()
    assert claim.title in text_of(html)
    steps = parsed(html).find(".//ol")
    assert len(steps) == len(claim.steps)
    displays = parsed(html).findall(".//*[@display='block']")
    assert len(displays) >= len(claim.closed_form)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_latex_of_a_claim_is_its_closed_form(name):
    latex = nfa.claims[name]._repr_latex_()
    assert latex.count("$$") % 2 == 0
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}")
    assert latex.count("$$") // 2 + latex.count(r"\begin{align*}") >= len(nfa.claims[name].closed_form)


def test_all_claims_are_a_table():
    rows = parsed(nfa.claims._repr_html_()).findall(".//tbody/tr")
    assert len(rows) == len(nfa.claims)


def test_a_prediction_shows_each_number_that_is_known(prediction):
    before = text_of(prediction._repr_html_())
    for value in prediction.limit:
        assert f"{value:.4f}" in before
        assert f"{value:.4f}" in prediction._repr_latex_()
    assert "spread" not in before
    for value in (*prediction.mean, *prediction.std):
        assert f"{value:.4f}" in text_of(prediction._repr_html_())


def test_a_course_marks_what_cannot_be_trusted():
    data = nfa.synthetic_dataset("quadratic_teacher", 20, 3)
    net = nfa.MLP((3, 6, 1), activation="erf")
    course = nfa.predict_course(data.X, data.Y, net, times=[0.0, 0.1, 1e6], networks=4)
    rows = parsed(course._repr_html_()).findall(".//tbody/tr")
    assert [row.find("th").text for row in rows] == ["0", "0.1", "1e+06"]
    first, _, last = ([cell.text for cell in row.findall("td")] for row in rows)
    assert first == [f"{course.c_nfa.mean[0, 0]:.4f}", f"{course.uc_nfa.mean[0, 0]:.4f}"]
    assert all(text.startswith("(") for text in last)


def test_weights_are_shown_by_their_shapes():
    net = nfa.MLP((4, 8, 2), bias=True)
    assert repr(net.initialize(np.random.default_rng(0))) == "Parameters(weights 8 x 4, 2 x 8; with biases)"


@pytest.mark.parametrize("latex", [r"\text{|F\_c|\textasciicircum{}2}", r"\dot{W}_1", r"a < b \& c", r'\text{"}'])
def test_nothing_of_latex_is_left_outside_the_alternative_text(latex):
    element = ET.fromstring(mathml(latex, "block"))
    assert "\\" not in "".join(element.itertext())
    assert element.get("display") == "block"


def test_a_formula_broken_over_lines_keeps_its_columns():
    html = mathml(r"\begin{align*} a &= b \\ &\quad + c \end{align*}", "block")
    assert html.count('<mtd style="text-align: left"') == 2


def test_prose_is_escaped_between_formulas():
    assert "".join(ET.fromstring(f"<p>{prose('a <b> & $x < y$')}</p>").itertext()) == "a <b> & x<y"
