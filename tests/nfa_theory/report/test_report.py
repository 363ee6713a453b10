"""The report is accessible, loads nothing, and shows the numbers it is given."""

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
from nfa_theory.figures import (
    alignment_figure,
    decomposition_figure,
    early_alignment_figure,
    prediction_figure,
    render,
)
from nfa_theory.report import write_report
from nfa_theory.report.write import report_pages

VOID = {"img", "meta", "source", "br"}
EMPTY = {"line", "circle"}
COURT = json.loads((Path(__file__).parent / "court.json").read_text(encoding="utf-8"))  # from the court's quick profile
FEW = ("identities.factorization", "identities.initial_uc_nfa", "linear.two_layers", "wide.tangent_kernel")
COURT["claims"] = [each for each in COURT["claims"] if each["claim"] in FEW]
CHAPTERS = ["identities", "linear", "wide"]
SUMMARY = {"mean": 0.5, "standard_deviation": 0.1, "standard_error": 0.05}
HOSTILE = """<script>alert("x")</script><img src=x onerror='y'>"""


def made_up_results():
    at_width = {**SUMMARY, "predicted": 0.5123, "predicted_error": 0.0456}
    layer = {
        "verdict": "held",
        "predicted": 0.87654,
        "measured": [{"width": 64, **at_width}, {"width": 512, **at_width}],
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
            "layers": [{"layer": i, **layer, "detectable_relative_error": 0.0613 * i} for i in (1, 2, 3)],
        },
        "finite_width": {
            "held": True,
            "family": {
                "comparisons": 30,
                "beyond_three": 1,
                "expected_beyond_three": 0.16,
                "greatest": 3.14,
                "bound": 4.92,
            },
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


def without_networks():
    networks = ("early_alignment", "finite_width", "training", "data")
    return {key: copy.deepcopy(value) for key, value in made_up_results().items() if key not in networks}


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

    def handle_startendtag(self, name, attributes):
        assert name in EMPTY or "math" in self.open  # in HTML a slash closes nothing, but in SVG and MathML it does
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def all(self, name):
        return [attributes for found, attributes in self.elements if found == name]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def figures(unchanged_record, unchanged_table):
    record, table = unchanged_record, unchanged_table
    return [
        early_alignment_figure(table),
        alignment_figure(record),
        prediction_figure(table),
        decomposition_figure(record),
    ]


@pytest.fixture(scope="module")
def documents():
    return {each["claim"]: cached_document(each["claim"]) for each in COURT["claims"]}


@pytest.fixture(scope="module")
def folder(figures, tmp_path_factory):
    """Lay out what a run leaves behind, before the report is written."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "figures").mkdir()
    texts = [{key: getattr(each, key) for key in ("name", "title", "caption", "alt")} for each in figures]
    (folder / "results.json").write_text(json.dumps(made_up_results() | {"figures": texts}), encoding="utf-8")
    for figure in figures:
        (folder / "figures" / f"{figure.name}.svg").write_bytes(render(figure, "svg", 2))
        (folder / "figures" / f"{figure.name}_one_column.svg").write_bytes(render(figure, "svg", 1))
    return folder


@pytest.fixture(scope="module")
def texts(folder, documents):
    """Write the report both ways: the overview, the chapters beside it, and the single file."""
    (single,) = write_report(folder, documents, single_file=True)
    single = {"single": single.read_text(encoding="utf-8")}
    return {path.stem: path.read_text(encoding="utf-8") for path in write_report(folder, documents)} | single


@pytest.fixture(scope="module")
def pages(texts):
    return {name: Page(text) for name, text in texts.items()}


@pytest.fixture(params=["report", "single", *CHAPTERS])
def which(request):
    return request.param


def claims_alone(documents, results=None, single_file=True):
    return report_pages(results or without_networks(), {}, documents, single_file=single_file)["report.html"]


def test_the_files_of_both_kinds(folder, texts, documents):
    assert sorted(texts) == sorted(["report", "single", *CHAPTERS])
    assert {path.name for path in folder.rglob("*.html")} == {"report.html", *(f"{name}.html" for name in CHAPTERS)}
    assert len(texts["report"]) < len(texts["single"]) < 3e6


def test_nothing_is_loaded_and_no_script_runs(pages, texts, which):
    page = pages[which]
    for name in ("script", "link", "iframe", "object", "embed", "base", "form"):
        assert page.all(name) == []
    for _, attributes in page.elements:
        for name in ("src", "srcset", "data", "poster", "background", "xlink:href"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
    style = re.search(r"<style>(.*?)</style>", texts[which], re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_the_figures_load_nothing_either(pages):
    page = pages["report"]
    pictures = [a["src"] for a in page.all("img")] + [a["srcset"] for a in page.all("source")]
    assert len(pictures) == 2 * (4 + 1)  # those of networks, and that of the errors of expansions
    for picture in pictures:
        kind, content = picture.split(";base64,")
        assert kind == "data:image/svg+xml"
        root = ElementTree.fromstring(base64.b64decode(content))
        assert not [e for e in root.iter() if e.tag.endswith("script")]
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)


def test_every_figure_has_a_text_with_its_message(pages, figures):
    shown = [a["alt"] for a in pages["report"].all("img")]
    assert set(shown[:-1]) == {figure.alt for figure in figures}
    assert shown[0] == figures[0].alt  # early alignment stands on the first screen
    assert all(len(alt) > 60 for alt in shown)


def test_headings_landmarks_and_links(pages, which):
    page = pages[which]
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")} <= set(ids)


def test_links_between_the_files_lead_somewhere(pages):
    ids = {name: {a["id"] for _, a in page.elements if "id" in a} for name, page in pages.items()}
    found = 0
    for name in ("report", *CHAPTERS):
        for link in (a["href"] for a in pages[name].all("a")):
            path, _, mark = link.partition("#")
            if path.endswith(".html"):
                assert path.startswith("chapters/") == (name == "report" and not path.startswith("../"))
                stem = Path(path).stem
                assert stem in ids
                assert not mark or mark in ids[stem]
                found += 1
    assert found > len(COURT["claims"])


def test_real_networks_come_before_the_claims(texts):
    for name in ("report", "single"):
        places = [texts[name].index(f'id="{mark}"') for mark in ("early_alignment", "networks", "layers", "claims")]
        assert places == sorted(places)


def test_tables_name_their_rows_and_columns(pages):
    page = pages["single"]
    assert {a.get("scope") for a in page.all("th")} == {"row", "col"}
    assert all(a["aria-label"] for a in page.all("table"))
    assert all(a["data-label"] or a["role"] for a in page.all("td"))


def test_the_page_adapts_to_darkness_paper_and_narrow_screens(texts, pages):
    assert "prefers-color-scheme: dark" in texts["report"]
    assert "@media print" in texts["report"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in pages["report"].all("meta")
    assert all("max-width" in a["media"] for a in pages["report"].all("source"))


def equations(document):
    return [e for step in document["steps"] for e in step["equations"]] + list(document["closed_form"].values())


def test_formulas_are_well_formed_and_have_a_text(texts, pages, documents):
    formulas = re.findall(r"<math.*?</math>", texts["single"], re.DOTALL)
    displays = sum(len(equation["displays"]) for each in documents.values() for equation in equations(each))
    assert sum('display="block"' in formula for formula in formulas) == 5 + displays
    for formula in formulas:
        ElementTree.fromstring(formula)
    assert all(a["alttext"] for a in pages["single"].all("math"))
    assert "\\" not in "".join(pages["single"].text)


def test_the_numbers_are_those_of_the_results(pages):
    for name in ("report", "single"):
        words = pages[name].words
        for shown in (
            "0.8765",
            "0.8711 ± 0.0099",
            "6.1 %",
            "18.4 %",
            "-0.6",
            "1,500",
            "12.3 s",
            "1.2.3",
            "50.0% ± 10.0%",
        ):
            assert shown in words
        assert "50.0% ± 10.0%" in words
        assert "0.512 ± 0.046 → 0.500 ± 0.050" in words
        assert "by 6 % in layer 1, by 18 % in layer 3" in words.replace("\u00a0", " ")
        assert "The criterion, in words." in words
        assert "Images: some_images. A Source. License: MIT." in words
        assert "nfa reproduce --seed 0 <&>" in words
        assert "The prediction for real images held in every layer." in words


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [("refuted", "was refuted in at least one layer."), ("undecided", "not every layer could decide")],
)
def test_a_bad_verdict_is_said_first_and_shown_in_its_row(folder, documents, tmp_path, verdict, sentence):
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    results["verdict"] = results["early_alignment"]["layers"][1]["verdict"] = verdict
    (tmp_path / "figures").symlink_to(folder / "figures")
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    page = Page(write_report(tmp_path, documents)[0].read_text(encoding="utf-8"))
    assert sentence in page.words
    shown = [a["class"].split()[1] for a in page.all("span") if a.get("class", "").startswith("verdict")]
    assert shown[0] == verdict  # the sentence on the first screen
    assert shown[2:5] == ["held", verdict, "held"]  # after the count of claims: the rows of the layers
    assert "held in every layer." not in page.words


def test_the_same_input_gives_the_same_text(documents):
    assert claims_alone(documents) == claims_alone(documents)


def test_every_claim_has_all_its_parts(texts, documents):
    for verdict in COURT["claims"]:
        name, document = verdict["claim"], documents[verdict["claim"]]
        for where in ("single", name.partition(".")[0]):
            text = texts[where]
            start = text.index(f'<details class="claim" id="{name}"')
            section = text[start : text.index("Commands that reproduce", start)] + text[start:].partition("</pre>")[0]
            assert f"Derivation in {len(document['steps'])} step" in section
            assert section.count("<li>") >= len(document["steps"]) + len(document["obligations"])
            assert section.count("<circle") > 0
            assert verdict["command"] in section
            assert f'class="verdict {verdict["status"]}"' in section
            assert all(each["check"] in section for each in verdict["findings"])
        assert f'<details class="claim" id="{name}"' in texts["report"]
        assert f'href="chapters/{name.partition(".")[0]}.html#{name}"' in texts["report"]


def test_a_claim_that_was_not_measured_says_so(documents):
    results = without_networks()
    results["court"]["claims"][0] |= {"status": "unchecked", "findings": []}
    words = Page(claims_alone(documents, results)).words
    assert "no network was run for this claim" in words
    assert "derived only" in words
    assert "Nothing was measured." in claims_alone(documents, results)


def test_a_refuted_claim_is_named_with_what_went_wrong(documents):
    results = without_networks()
    verdict = results["court"]["claims"][0]
    verdict["status"] = "refuted"
    finding = verdict["findings"][0]
    finding |= {"held": False, "statistic": 0.02}
    text = claims_alone(documents, results)
    words = Page(text).words
    assert f"Refused: {finding['quantity']} ({finding['check']})." in words
    assert "derivation: 1 ✗ refuted , 3 ✓ held" in words  # counted on the first screen, the bad news first
    assert '<circle class="exact" cx="98.0%"' in text  # its dot stands right of the line
    assert 'cx="98.0%"' not in claims_alone(documents)


def test_claims_alone_make_a_report_without_networks(documents):
    page = Page(claims_alone(documents))
    assert "What is measured" not in page.words
    assert {"claims", "method"} <= {attributes.get("id") for _, attributes in page.elements}


def test_text_from_elsewhere_is_escaped_wherever_it_stands(documents):
    """A name, a message or a title that is markup is shown as it is, in text and in attributes."""
    results = without_networks()
    results["command"] = results["version"] = results["machine"]["python"] = HOSTILE
    verdict = results["court"]["claims"][0]
    verdict["findings"][0] |= {"quantity": HOSTILE, "check": HOSTILE, "held": False, "statistic": 1.0}
    verdict |= {"broken_obligations": [HOSTILE], "errors": [HOSTILE], "unseen": [HOSTILE], "command": HOSTILE}
    hostile = copy.deepcopy(documents)
    document = hostile[verdict["claim"]]
    document |= {"title": HOSTILE, "statement": HOSTILE, "source": HOSTILE, "obligations": {HOSTILE: False}}
    document |= {"assumptions": [HOSTILE], "limits": [HOSTILE + r" $\text{" + HOSTILE + "}$"]}
    document["steps"][0] |= {"text": HOSTILE, "uses": [HOSTILE]}
    for single_file in (True, False):
        for text in report_pages(results, {}, hostile, single_file=single_file).values():
            page = Page(text)
            assert page.all("script") == []
            assert page.all("img") == []
            assert not any("onerror" in attributes for _, attributes in page.elements)
    assert HOSTILE in "".join(Page(claims_alone(hostile, results)).text)


def brightness(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Compute the contrast ratio of the Web Content Accessibility Guidelines 2."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_in_light_dark_and_print(texts):
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#999999", "#ffffff") < 4.5  # the twin: grey that is too light
    style = re.search(r"<style>(.*?)</style>", texts["report"], re.DOTALL).group(1)
    palettes = [
        dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(palettes) == 3
    inks = ("ink", "soft", "link", "held", "refuted", "undecided", "unchecked")
    for palette in palettes:
        for ground in ("ground", "raised"):
            assert min(contrast(palette[ink], palette[ground]) for ink in inks) >= 4.5
