"""The report is one accessible file that loads nothing, and shows the numbers it is given."""

import base64
import copy
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nfa_theory.derivation_cache import cached_document
from nfa_theory.figures import alignment_figure, decomposition_figure, prediction_figure
from nfa_theory.figures.verdict import verdict_figures
from nfa_theory.report import claim_section, report
from nfa_theory.report.markup import Markup, join, tag

VOID = {"img", "meta", "source", "br"}
COURT = json.loads((Path(__file__).parent / "court.json").read_text(encoding="utf-8"))  # from the court's quick profile
FEW = ("identities.factorization", "identities.initial_uc_nfa", "wide.tangent_kernel")
COURT["claims"] = [each for each in COURT["claims"] if each["claim"] in FEW]
SUMMARY = {"mean": 0.5, "standard_deviation": 0.1, "standard_error": 0.05}


def made_up_results():
    layer = {
        "verdict": "held",
        "predicted": 0.87654,
        "measured": [{"width": 64, **SUMMARY}, {"width": 512, **SUMMARY}],
        "extrapolated": 0.87111,
        "standard_error": 0.00987,
        "deviation": -0.55,
        "threshold": 4.2,
        "detectable_relative_error": 0.0613,
    }
    names = ("uc_nfa_initial", "uc_nfa_final", "c_nfa_first", "c_nfa_final")
    return {
        "version": "1.2.3",
        "command": "nfa reproduce --seed 0 <&>",
        "verdict": "held",
        "court": COURT,
        "early_alignment": {
            "samples": 200,
            "widths": [64, 512],
            "seeds": [0, 1],
            "criterion": "The criterion, in words.",
            "layers": [{"layer": i, **layer} for i in (1, 2, 3)],
        },
        "training": {
            "network": "A network",
            "seeds": [0, 1],
            "steps": 1500,
            "first_step": 1,
            "accuracy": SUMMARY,
            "test_accuracy": {**SUMMARY, "standard_deviation": None},
            "layers": [{"layer": i, **dict.fromkeys(names, SUMMARY)} for i in (1, 2, 3)],
        },
        "data": {"name": "some_images", "source": "A Source", "license": "MIT", "samples": 2000},
        "plan": {"name": "quick", "widths": [64, 512]},
        "machine": {"python": "3.11"},
        "durations_seconds": {"training": 12.34},
    }


class Page(HTMLParser):
    """Elements with their attributes, visible text, and whether every element is closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def all(self, name):
        return [attributes for found, attributes in self.elements if found == name]


@pytest.fixture(scope="module")
def figures(unchanged_record, unchanged_table):
    record = unchanged_record
    return [alignment_figure(record), prediction_figure(unchanged_table), decomposition_figure(record)]


@pytest.fixture(scope="module")
def documents():
    return {each["claim"]: cached_document(each["claim"]) for each in COURT["claims"]}


def section(name, verdict, documents):
    return claim_section(documents[name], verdict, COURT, documents)


@pytest.fixture(scope="module")
def sections(documents):
    return {each["claim"]: section(each["claim"], each, documents) for each in COURT["claims"]}


def without_networks():
    networks = ("early_alignment", "training", "data")
    return {key: copy.deepcopy(value) for key, value in made_up_results().items() if key not in networks}


@pytest.fixture(scope="module")
def text(figures, documents, sections):
    return report(made_up_results(), figures, documents, sections)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_nothing_is_loaded_and_no_script_runs(page, text):
    assert page.all("script") == []
    assert page.all("link") == []
    assert page.all("iframe") == []
    for _, attributes in page.elements:
        for name in ("src", "srcset", "data", "poster", "background"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_the_figures_load_nothing_either(page):
    pictures = [a["src"] for a in page.all("img")] + [a["srcset"] for a in page.all("source")]
    panels = sum(len(verdict_figures(each)) for each in COURT["claims"])
    assert len(pictures) == 6 + panels
    for picture in pictures:
        kind, content = picture.split(";base64,")
        assert kind == "data:image/svg+xml"
        root = ElementTree.fromstring(base64.b64decode(content))
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)


def test_every_figure_has_a_text_with_its_message(page, figures):
    assert [a["alt"] for a in page.all("img")][-3:] == [figure.alt for figure in figures]
    assert all(len(a["alt"]) > 60 for a in page.all("img"))


def test_headings_landmarks_and_links(page):
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    inner = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert inner <= set(ids)
    assert {"overview", "prediction", "method"} <= inner


def test_tables_name_their_rows_and_columns(page):
    assert {a.get("scope") for a in page.all("th")} == {"row", "col", "rowgroup"}
    assert all(a["aria-label"] for a in page.all("table"))


def test_the_page_adapts_to_darkness_paper_and_narrow_screens(text, page):
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert all("max-width" in a["media"] for a in page.all("source"))


def test_formulas_are_well_formed_and_have_a_text(text, page, documents):
    formulas = re.findall(r"<math.*?</math>", text, re.DOTALL)
    displays = sum(len(equation["displays"]) for each in documents.values() for equation in equations(each))
    assert sum('display="block"' in formula for formula in formulas) == 5 + displays
    for formula in formulas:
        ElementTree.fromstring(formula)
    assert all(a["alttext"] for a in page.all("math"))


def test_the_numbers_are_those_of_the_results(page):
    words = " ".join(page.text)
    for shown in ("0.8765", "0.8711 ± 0.0099", "6.1%", "-0.6", "1,500", "12.3 s", "1.2.3", "50.0% ± 10.0%"):
        assert shown in words
    assert "The criterion, in words." in words
    assert "Images: some_images. A Source. License: MIT." in words
    assert "nfa reproduce --seed 0 <&>" in words
    assert "The prediction for real images held in every layer." in words


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [("refuted", "was refuted in at least one layer."), ("undecided", "not every layer could decide")],
)
def test_a_bad_verdict_is_said_first_and_shown_in_its_row(figures, documents, sections, verdict, sentence):
    results = copy.deepcopy(made_up_results())
    results["verdict"] = results["early_alignment"]["layers"][1]["verdict"] = verdict
    page = Page(report(results, figures, documents, sections))
    words = " ".join(page.text)
    assert sentence in words
    shown = [a["class"].split()[1] for a in page.all("span")]
    assert shown[1] == verdict  # the sentence, after the count of claims
    assert shown[-3:] == ["held", verdict, "held"]  # the rows
    assert "held in every layer." not in words


def test_the_same_input_gives_the_same_text(documents, sections):
    once = report(without_networks(), (), documents, sections)
    verdict = COURT["claims"][0]
    name = verdict["claim"]
    assert report(without_networks(), (), documents, sections | {name: section(name, verdict, documents)}) == once


def equations(document):
    return [e for step in document["steps"] for e in step["equations"]] + list(document["closed_form"].values())


def test_every_claim_has_all_its_parts(page, text, documents):
    words = " ".join(page.text)
    links = {a["href"] for a in page.all("a")}
    for verdict in COURT["claims"]:
        name, document = verdict["claim"], documents[verdict["claim"]]
        assert {f"#{name}", f"#row-{name}"} <= links
        start = text.index(f'<section id="{name}"')
        section = text[start : text.index("</section>", start)]
        assert f"Derivation in {len(document['steps'])} step" in section
        assert section.count("<li>") >= len(document["steps"]) + len(document["obligations"])
        assert section.count("<figure>") == len(verdict_figures(verdict)) > 0
        assert verdict["command"] in section
        assert f'class="verdict {verdict["status"]}"' in section
    assert "Not measured" not in words


def test_a_claim_that_was_not_measured_says_so(documents, sections):
    results = without_networks()
    verdict = results["court"]["claims"][0]
    verdict |= {"status": "unchecked", "findings": []}
    name = verdict["claim"]
    page = Page(report(results, (), documents, sections | {name: section(name, verdict, documents)}))
    words = " ".join(page.text)
    assert "no network was run for this claim" in words
    assert "derived only" in words


def test_a_refuted_claim_is_named_with_what_went_wrong(documents, sections):
    results = without_networks()
    verdict = results["court"]["claims"][0]
    verdict["status"] = "refuted"
    finding = verdict["findings"][0]
    finding |= {"held": False, "statistic": 0.02}
    name = verdict["claim"]
    words = " ".join(Page(report(results, (), documents, sections | {name: section(name, verdict, documents)})).text)
    assert f"Refused: {finding['quantity']} ({finding['check']})." in words
    assert "1  ✗\u00a0refuted" in words


def test_claims_alone_make_a_report_without_networks(documents, sections):
    page = Page(report(without_networks(), (), documents, sections))
    assert "What is measured" not in " ".join(page.text)
    assert {"overview", "method"} <= {attributes.get("id") for _, attributes in page.elements}


def brightness(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Compute the contrast ratio of the Web Content Accessibility Guidelines 2."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_in_light_dark_and_print(text):
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#999999", "#ffffff") < 4.5  # the twin: grey that is too light
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    palettes = [
        dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(palettes) == 3
    inks = ("ink", "soft", "link", "held", "refuted", "undecided", "unchecked")
    for palette in palettes:
        for ground in ("ground", "raised"):
            assert min(contrast(palette[ink], palette[ground]) for ink in inks) >= 4.5


def test_plain_text_is_escaped_and_markup_is_not():
    assert join("a<b", Markup("<i>x</i>")) == "a&lt;b<i>x</i>"
    assert tag("p", "&", title='"') == '<p title="&quot;">&amp;</p>'
