"""From a results file and a folder of figures to pages that are read offline and run no script."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from derivations.chapter import Chapter
from derivations.registry import by_chapter
from derivations.rendering import Document
from nfa_theory.figures.export import render
from nfa_theory.figures.verdict import orders_figure
from nfa_theory.files import write_atomically
from nfa_theory.report.marks import distance_in_words, dots, short, worst_entry
from nfa_theory.report.strength import short_strength, strength
from nfa_theory.templates import templates

Results = Mapping[str, Any]
_NAME = "report.html"
_FUNCTIONS = {each.__name__: each for each in (dots, distance_in_words, worst_entry, short, strength, short_strength)}
"""What the template calls."""


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it: texts, and drawings for wide and for narrow screens as data."""

    name: str
    title: str
    caption: str
    alt: str
    wide: str
    narrow: str


def write_report(folder: Path, documents: Mapping[str, Document], *, single_file: bool = False) -> list[Path]:
    """Write the report of a run beside its results.

    Parameters
    ----------
    folder : pathlib.Path
        With ``results.json``; if networks were trained, its ``figures`` are listed there and lie in ``figures/``, each
        as ``NAME.svg`` and ``NAME_one_column.svg``. The report shows these numbers and computes none.
    documents : mapping of str to Document
        The derivation of every claim that the court judged.
    single_file : bool
        Put the chapters into the one file, instead of pages beside it.

    Returns
    -------
    list of pathlib.Path
        ``report.html``, and without `single_file` ``chapters/SLUG.html`` for each chapter. The same input always gives
        the same text.
    """
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    pages = report_pages(results, pictures(folder, results), documents, single_file=single_file)
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_atomically(folder / name, text)
    return [folder / name for name in pages]


def report_pages(
    results: Results, figures: Mapping[str, Picture], documents: Mapping[str, Document], *, single_file: bool = False
) -> dict[str, str]:
    """Write every page as text, by the name of its file."""
    chapters = by_chapter(each["claim"] for each in results["court"]["claims"])
    context: dict[str, Any] = {
        "results": results,
        "court": results["court"],
        "counts": Counter(each["status"] for each in results["court"]["claims"]),
        "verdicts": {each["claim"]: each for each in results["court"]["claims"]},
        "facts": list(_facts(results)),
        "worst_layer": _worst_layer(results),
        "figures": figures,
        "documents": documents,
        "chapters": chapters,
        "style": Markup(files("nfa_theory").joinpath("html", "report.css").read_text(encoding="utf-8")),
    }
    if single_file:
        return {_NAME: _page("single", context)}
    beside = {f"chapters/{each.slug}.html": _page("chapter", context | {"chapter": each}) for each in chapters}
    return {_NAME: _page("overview", context)} | beside


def pictures(folder: Path, results: Results) -> dict[str, Picture]:
    """Read the figures of a run, and draw that of its claims."""
    found = {}
    for each in results.get("figures", ()):
        wide, narrow = ((folder / "figures" / f"{each['name']}{end}.svg").read_bytes() for end in ("", "_one_column"))
        found[each["name"]] = Picture(**each, wide=_data(wide), narrow=_data(narrow))
    orders = orders_figure(results["court"]["claims"])
    if orders is not None:
        wide, narrow = render(orders, "svg", 2), render(orders, "svg", 1)
        found["orders"] = Picture(orders.name, orders.title, orders.caption, orders.alt, _data(wide), _data(narrow))
    return found


def _page(kind: str, context: Mapping[str, Any]) -> str:
    chapter: Chapter | None = context.get("chapter")

    def place(claim: str) -> str:
        """Lead to where a claim is told in full."""
        slug = claim.partition(".")[0]
        if kind == "single" or (chapter is not None and chapter.slug == slug):
            return f"#{claim}"
        return f"{'chapters/' if chapter is None else ''}{slug}.html#{claim}"

    def tally(claims: Sequence[str]) -> Mapping[str, int]:
        return Counter(context["verdicts"][name]["status"] for name in claims)

    def together(claims: Sequence[str]) -> dict[str, Any]:
        """Collect what was measured of several claims, for one strip."""
        return {"findings": [each for name in claims for each in context["verdicts"][name]["findings"]]}

    template = templates().get_template("report.html.jinja")
    return template.render(context, page=kind, place=place, tally=tally, together=together, **_FUNCTIONS).lstrip()


def _data(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + b64encode(svg).decode()


def _worst_layer(results: Results) -> str | None:
    verdicts = {layer["verdict"] for layer in results.get("early_alignment", {}).get("layers", ())}
    return next((each for each in ("refuted", "undecided", "held") if each in verdicts), None)


def _facts(results: Results) -> Iterator[list[str]]:
    """Tell configuration, machine, versions, seeds and durations in words."""
    yield ["Version", results["version"]]
    yield ["Seed of the court", str(results["court"]["seed"])]
    yield ["Profile of the court", results["court"]["profile"]]
    for name, value in {**results["plan"], **results["machine"]}.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield [name.replace("_", " ").capitalize(), text]
    for name, seconds in results["durations_seconds"].items():
        yield [f"Time for {name.replace('_', ' ')}", f"{seconds:.1f} s"]
