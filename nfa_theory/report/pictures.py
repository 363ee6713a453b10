"""Figures inside the page: vector graphics as data, one drawing for wide screens and one for narrow."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from nfa_theory.figures.export import NamedFigure, render
from nfa_theory.figures.style import Columns
from nfa_theory.report.markup import Markup, tag


def picture(figure: NamedFigure) -> Markup:
    """Put a figure into the page with its caption and a text for those who cannot see it."""
    narrow = tag("source", media="screen and (max-width: 40rem)", srcset=_data(figure, 1))
    wide = tag("img", src=_data(figure, 2), alt=figure.alt)
    caption = tag("figcaption", tag("b", f"{figure.title}. "), figure.caption)
    return tag("figure", tag("picture", narrow, wide), caption)


def _data(figure: NamedFigure, columns: Columns) -> str:
    return "data:image/svg+xml;base64," + b64encode(render(figure, "svg", columns)).decode()


def panels(figures: Sequence[NamedFigure]) -> Markup:
    """Put small figures side by side where there is room, and below each other where there is none."""
    if not figures:
        return Markup()
    shown = [
        tag(
            "figure",
            tag("img", src=_data(figure, 1), alt=figure.alt),
            tag("figcaption", tag("b", f"{figure.title}. "), figure.caption),
        )
        for figure in figures
    ]
    return tag("div", *shown, class_="panels")
