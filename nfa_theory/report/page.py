"""The whole page: sections in order, the style inside, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from nfa_theory.figures.export import NamedFigure
from nfa_theory.report import sections
from nfa_theory.report.markup import Markup, tag

Results = Mapping[str, Any]


def report(results: Results, figures: Sequence[NamedFigure]) -> str:
    """Write the report.

    Parameters
    ----------
    results : mapping
        What ``results.json`` holds. The report shows its numbers and computes none.
    figures : sequence of NamedFigure
        Figures named ``alignment``, ``prediction`` and ``decomposition``; any further ones follow them.

    Returns
    -------
    str
        One HTML document without scripts and without external resources. The same input always gives the same text.
    """
    parts = sections.sections(results, {figure.name: figure for figure in figures})
    contents = tag("ul", *(tag("li", tag("a", part.title, href=f"#{part.name}")) for part in parts))
    main = [tag("section", tag("h2", part.title), part.body, id=part.name, aria_label=part.title) for part in parts]
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag("header", tag("h1", sections.TITLE), sections.lead(results), tag("nav", contents, aria_label="Contents")),
        tag("main", *main, id="content"),
        tag("footer", sections.footer(results)),
    )
    return "<!DOCTYPE html>\n" + tag("html", _head(results), body, lang="en") + "\n"


def _head(results: Results) -> Markup:
    css = files("nfa_theory.report").joinpath("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"nfa-theory {results['version']}"),
        tag("title", sections.TITLE),
        tag("style", Markup(css)),
    )
