"""How results look in a notebook: HTML without scripts, mathematics as MathML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nfa_theory.mathml import prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from derivations.rendering import Document
    from nfa_theory.predict.course.result import CoursePrediction


def claim_html(document: Document) -> Markup:
    """Show a claim: what it says, its closed form, and the argument, folded."""
    return _filled("notebook", claim=document)


def claims_html(titles: dict[str, str]) -> Markup:
    """Show all claims as a table of names and titles."""
    rows = [[Markup("<code>{}</code>").format(name), prose(title)] for name, title in titles.items()]
    return _table(f"{len(titles)} claims", ["name", "claim"], rows)


def layers_html(caption: str, columns: dict[str, Any]) -> Markup:
    """Show numbers by layer as a table; a number may come with its standard error."""
    cells = [_cells(column) for column in columns.values()]
    rows = [[str(layer), *row] for layer, row in enumerate(zip(*cells, strict=True), start=1)]
    return _table(caption, ["layer", *columns], rows)


def course_html(course: CoursePrediction) -> Markup:
    """Show a course in time as a table: a row for each time, a column for each alignment of each layer."""
    both = {"C-NFA": course.c_nfa, "UC-NFA": course.uc_nfa}
    header = ["time", *(f"{name}, layer {layer}" for layer in course.layers for name in both)]
    rows = [
        [f"{time:g}"]
        + [_in_time(each.mean[i, j], each.trusted[i, j]) for j in range(len(course.layers)) for each in both.values()]
        for i, time in enumerate(course.times)
    ]
    return _table(repr(course).splitlines()[0] + "; in parentheses: not to be trusted any more", header, rows)


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


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return _filled("table", caption=caption, header=header, rows=rows)


def _filled(name: str, **content: Any) -> Markup:
    """Fill a template, which escapes all text."""
    from nfa_theory.templates import templates

    return Markup(templates().get_template(f"{name}.html.jinja").render(content).strip())
