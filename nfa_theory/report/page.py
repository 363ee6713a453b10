"""The whole page: sections in order, the style inside, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from derivations.registry import by_chapter
from derivations.rendering import Document
from nfa_theory.figures.export import NamedFigure
from nfa_theory.report.claims import chapter_section, overview
from nfa_theory.report.lead import lead
from nfa_theory.report.markup import Markup, tag
from nfa_theory.report.sections import TITLE, Section, closing_sections, footer, network_sections

Results = Mapping[str, Any]


def report(
    results: Results,
    figures: Sequence[NamedFigure],
    documents: Mapping[str, Document],
    claims: Mapping[str, Markup],
) -> str:
    """Write the report.

    Parameters
    ----------
    results : mapping
        What ``results.json`` holds. The report shows its numbers and computes none.
    figures : sequence of NamedFigure
        Figures named ``alignment``, ``prediction`` and ``decomposition``, if networks were trained; any further ones
        follow them.
    documents : mapping of str to Document
        The derivation of every claim that the court judged.
    claims : mapping of str to Markup
        What `claim_section` wrote for each of them.

    Returns
    -------
    str
        One HTML document without scripts and without external resources. The same input always gives the same text.
    """
    chapters = by_chapter(each["claim"] for each in results["court"]["claims"])
    verdicts = {each["claim"]: each for each in results["court"]["claims"]}
    titles = {name: document["title"] for name, document in documents.items()}
    table = Section("overview", "Overview", overview(chapters, titles, verdicts))
    networks, closing = (
        network_sections(results, {figure.name: figure for figure in figures}),
        closing_sections(results),
    )
    theory = [chapter_section(chapter, [claims[name] for name in names]) for chapter, names in chapters.items()]
    links = [(each.slug, each.title) for each in chapters]
    links = [("overview", "Overview"), *links, *((each.name, each.title) for each in (*networks, *closing))]
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag("header", tag("h1", TITLE, id="top"), lead(results)),
        _navigation(links),
        tag("main", _section(table), *theory, *map(_section, networks), *map(_section, closing), id="content"),
        tag("footer", footer(results)),
        tag("a", "Contents", href="#contents", class_="to-contents"),
    )
    return "<!DOCTYPE html>\n" + tag("html", _head(results), body, lang="en") + "\n"


def _section(section: Section) -> Markup:
    title = tag("h2", section.title, id=f"{section.name}-title")
    return tag("section", title, section.body, id=section.name, aria_labelledby=f"{section.name}-title")


def _navigation(links: Sequence[tuple[str, str]]) -> Markup:
    entries = tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title in links))
    return tag("nav", entries, aria_label="Contents", id="contents")


def _head(results: Results) -> Markup:
    css = files("nfa_theory.report").joinpath("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"nfa-theory {results['version']}"),
        tag("title", TITLE),
        tag("style", Markup(css)),
    )
