"""How results look in a notebook: HTML without scripts, mathematics as MathML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nfa_theory.mathml import mathml, prose
from nfa_theory.report.markup import Markup, join, table, tag

if TYPE_CHECKING:
    from derivations.rendering import Document
    from derivations.rendering.document import EquationText
    from nfa_theory.predict.course.result import CoursePrediction


def claim_html(document: Document) -> Markup:
    """Show a claim: what it says, its closed form, and the argument, folded."""
    held, total = sum(document["obligations"].values()), len(document["obligations"])
    steps = [
        tag("li", prose(step["text"]), *map(_equation, step["equations"]), _uses(step["uses"]))
        for step in document["steps"]
    ]
    return tag(
        "div",
        tag("p", tag("strong", prose(document["title"])), " ", tag("code", document["name"])),
        tag("p", prose(document["statement"])),
        *map(_equation, document["closed_form"].values()),
        _list("Assumptions", document["assumptions"]),
        tag("details", tag("summary", f"Derivation in {len(steps)} step{'s' * (len(steps) != 1)}"), tag("ol", *steps)),
        _list("Limits", document["limits"]),
        tag("p", tag("small", f"{held} of {total} obligations hold. ", prose(document["source"]))),
    )


def claims_html(titles: dict[str, str]) -> Markup:
    """Show all claims as a table of names and titles."""
    return table(
        f"{len(titles)} claims", ["name", "claim"], [[tag("code", name), prose(t)] for name, t in titles.items()]
    )


def layers_html(caption: str, columns: dict[str, Any]) -> Markup:
    """Show numbers by layer as a table; a number may come with its standard error."""
    cells = [_cells(column) for column in columns.values()]
    rows = [[str(layer), *row] for layer, row in enumerate(zip(*cells, strict=True), start=1)]
    return table(caption, ["layer", *columns], rows)


def course_html(course: CoursePrediction) -> Markup:
    """Show a course in time as a table: a row for each time, a column for each alignment of each layer."""
    both = {"C-NFA": course.c_nfa, "UC-NFA": course.uc_nfa}
    header = ["time", *(f"{name}, layer {layer}" for layer in course.layers for name in both)]
    rows = [
        [f"{time:g}"]
        + [_in_time(each.mean[i, j], each.trusted[i, j]) for j in range(len(course.layers)) for each in both.values()]
        for i, time in enumerate(course.times)
    ]
    return table(repr(course).splitlines()[0] + "; in parentheses: not to be trusted any more", header, rows)


def _in_time(value: float, trusted: bool) -> str:
    return f"{value:.4f}" if trusted else f"({value:.4f})"


def _cells(column: Any) -> list[str]:
    if isinstance(column, tuple):
        values, errors = column
        return [
            f"{value:.4f} ± {error:.4f}" if error else f"{value:.4f}"
            for value, error in zip(values, errors, strict=True)
        ]
    return [f"{value:.4f}" for value in column]


def _equation(equation: EquationText) -> Markup:
    """Set equations off; one that is too wide scrolls by itself."""
    shown = (
        tag("div", mathml(line, "block"), style="overflow-x: auto; overflow-y: hidden; padding: 0.3em 0")
        for line in equation["displays"]
    )
    return join(*shown)


def _uses(uses: list[str]) -> Markup:
    return tag("small", "Uses: ", prose("; ".join(uses))) if uses else Markup("")


def _list(title: str, entries: list[str]) -> Markup:
    if not entries:
        return Markup("")
    return tag("div", tag("p", f"{title}:"), tag("ul", *(tag("li", prose(each)) for each in entries)))
