"""The claims: each with statement, derivation, figures, verdict and command, chapter by chapter."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from derivations.chapter import Chapter
from derivations.rendering import Document
from nfa_theory.figures.verdict import verdict_figures
from nfa_theory.mathml import prose
from nfa_theory.report.derivation import derivation, displays, entries
from nfa_theory.report.markup import Markup, table, tag
from nfa_theory.report.pictures import panels
from nfa_theory.report.strength import kinds, short_strength, strength

Verdict = Mapping[str, Any]


def claim_section(document: Document, verdict: Verdict, court: Mapping[str, Any], known: Container[str] = ()) -> Markup:
    """Write what there is to know of one claim.

    Parameters
    ----------
    document : Document
        Its derivation in strings.
    verdict : mapping
        The entry of this claim in the court's part of ``results.json``.
    court : mapping
        That part.
    known : container of str
        The claims of the page, for links between them.

    Returns
    -------
    Markup
        A section; its ``id`` is the name of the claim.
    """
    name = document["name"]
    head = tag("h3", prose(document["title"]), id=f"{name}-title")
    facts = tag("p", badge(verdict["status"]), " ", tag("code", name), class_="facts-line")
    return tag(
        "section",
        head,
        facts,
        tag("p", prose(document["statement"])),
        *map(displays, document["closed_form"].values()),
        derivation(document, known),
        _obligations(document),
        panels(verdict_figures(verdict)),
        *(tag("p", sentence) for sentence in strength(verdict, court)),
        _findings(verdict),
        entries("Assumptions", document["assumptions"]),
        entries("Limits", document["limits"]),
        tag("p", tag("b", "Source. "), prose(document["source"])),
        command(f"nfa derive {name}\n{verdict['command']}", f"Commands that reproduce {name}"),
        tag("p", tag("a", "Back to the overview", href=f"#row-{name}"), class_="back"),
        id=name,
        aria_labelledby=f"{name}-title",
        class_="claim",
    )


def chapter_section(chapter: Chapter, sections: Sequence[Markup]) -> Markup:
    """Write a chapter."""
    title = tag("h2", chapter.title, id=f"{chapter.slug}-title")
    summary = tag("p", chapter.summary)
    return tag("section", title, summary, *sections, id=chapter.slug, aria_labelledby=f"{chapter.slug}-title")


def overview(
    chapters: Mapping[Chapter, Sequence[str]], titles: Mapping[str, str], verdicts: Mapping[str, Verdict]
) -> Markup:
    """Tabulate all claims."""
    names = ("Claim", "Verdict", "Kind", "Strength")
    head = tag("tr", *(tag("th", each, scope="col", role="columnheader") for each in names), role="row")
    groups = [
        tag("tbody", _group(chapter), *(_row(name, titles[name], verdicts[name]) for name in claims), role="rowgroup")
        for chapter, claims in chapters.items()
    ]
    label = "All claims with their verdicts"
    return tag("table", tag("thead", head, role="rowgroup"), *groups, role="table", aria_label=label, class_="overview")


def badge(status: str) -> Markup:
    """Write a verdict; a sign stands beside the color."""
    sign = {"held": "✓", "refuted": "✗", "error": "!", "undecided": "?", "unchecked": "○"}[status]
    return tag("span", f"{sign}\u00a0{status}", class_=f"verdict {status}")


def command(text: str, label: str) -> Markup:
    """Set a command off."""
    return tag("pre", tag("code", text), tabindex="0", role="region", aria_label=label)


def _group(chapter: Chapter) -> Markup:
    link = tag("a", chapter.title, href=f"#{chapter.slug}")
    return tag("tr", tag("th", link, scope="rowgroup", colspan="4", role="rowheader"), role="row", class_="group")


def _row(name: str, title: str, verdict: Verdict) -> Markup:
    link = tag("a", prose(title), href=f"#{name}")
    cells = (badge(verdict["status"]), ", ".join(kinds(verdict)) or "none", short_strength(verdict))
    return tag(
        "tr",
        tag("th", link, scope="row", role="rowheader"),
        *(tag("td", cell, role="cell") for cell in cells),
        id=f"row-{name}",
        role="row",
    )


def _obligations(document: Document) -> Markup:
    """Tell which consequences of the definitions the closed form was held to."""
    held = sum(document["obligations"].values())
    rows = [tag("li", prose(name), "" if holds else " (broken)") for name, holds in document["obligations"].items()]
    count = f"{held} of {len(rows)} obligations hold, computed from the definitions"
    return tag("details", tag("summary", count), tag("ul", *rows))


def _findings(verdict: Verdict) -> Markup:
    if not verdict["findings"]:
        return Markup()
    rows = [
        [
            each["quantity"],
            badge("held" if each["held"] else "refuted"),
            f"{each['check']} ({each['kind']})",
            _number(each["statistic"]),
            _number(each["threshold"]),
        ]
        for each in verdict["findings"]
    ]
    content = table(
        "A quantity is refused if its statistic exceeds the threshold.",
        ["Quantity", "Verdict", "Check", "Statistic", "Threshold"],
        rows,
        f"What was measured for {verdict['claim']}",
    )
    return tag(
        "details", tag("summary", f"All {len(rows)} comparisons" if len(rows) > 1 else "The comparison"), content
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
