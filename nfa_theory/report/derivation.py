"""A derivation as HTML: an outline of its steps, each of which unfolds to the equations that come out of it."""

from __future__ import annotations

from collections.abc import Container

from derivations.rendering import Document
from derivations.rendering.document import EquationText, StepText
from nfa_theory.mathml import mathml, prose
from nfa_theory.report.markup import Markup, join, tag


def derivation(document: Document, known: Container[str] = ()) -> Markup:
    """Write the argument for a claim."""
    steps = [tag("li", _step(each, known)) for each in document["steps"]]
    count = f"Derivation in {len(steps)} step{'s' * (len(steps) != 1)}"
    return tag("details", tag("summary", count), tag("ol", *steps), class_="derivation")


def displays(equation: EquationText) -> Markup:
    """Set an equation off; where it is too wide, its box scrolls and the page does not."""
    return join(*(tag("div", mathml(each, "block"), class_="equation") for each in equation["displays"]))


def entries(title: str, texts: list[str]) -> Markup:
    """List sentences under a title; nothing for no sentences."""
    if not texts:
        return Markup()
    return join(tag("p", tag("b", title), class_="title"), tag("ul", *(tag("li", prose(each)) for each in texts)))


def _step(step: StepText, known: Container[str]) -> Markup:
    uses = tag("p", "Uses: ", *_linked(step["uses"], known), class_="uses") if step["uses"] else Markup()
    if not step["equations"]:
        return join(tag("p", prose(step["text"])), uses)
    shown = (displays(each) for each in step["equations"])
    return join(tag("details", tag("summary", prose(step["text"])), *shown, uses))


def _linked(uses: list[str], known: Container[str]) -> list[Markup]:
    links = [tag("a", each, href=f"#{each}") if each in known else prose(each) for each in uses]
    return [join("; " if i else "", each) for i, each in enumerate(links)]
