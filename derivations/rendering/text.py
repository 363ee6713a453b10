"""A derivation as plain text for a terminal."""

import textwrap
from typing import Final

from derivations.rendering.document import Document, EquationText
from derivations.rendering.prose import plain_prose

_WIDTH: Final = 100


def render_text(document: Document) -> str:
    """Write a derivation as text: claim, assumptions, numbered steps, closed form, checks, limits, source.

    Parameters
    ----------
    document : Document
        From `describe`.

    Returns
    -------
    str
        Lines of at most about 100 letters; formulas may be longer.
    """
    held = sum(document["obligations"].values())
    lines = [document["name"], document["title"], "=" * len(document["title"]), ""]
    lines += _paragraph("Claim. ", document["statement"])
    lines += _list("Assumptions", document["assumptions"])
    lines += ["Derivation", ""]
    for number, step in enumerate(document["steps"], start=1):
        lines += _paragraph(f"{number}. ", step["text"])[:-1]
        lines += [line for equation in step["equations"] for line in _equation(equation)]
        if step["uses"]:
            lines += [f"   [uses: {plain_prose('; '.join(step['uses']))}]"]
        lines.append("")
    lines += ["Closed form", ""]
    lines += [line for equation in document["closed_form"].values() for line in _equation(equation)]
    lines += ["", f"Checked: {held} of {len(document['obligations'])} obligations hold, computed from the definitions:"]
    lines += [f"  {'ok    ' if holds else 'BROKEN'} {name}" for name, holds in document["obligations"].items()]
    lines.append("")
    lines += _list("Limits", document["limits"])
    lines += _paragraph("Source. ", document["source"])[:-1]
    return "\n".join(lines) + "\n"


def _paragraph(head: str, text: str) -> list[str]:
    indent = " " * (3 if head[0].isdigit() else 0)
    return [*textwrap.wrap(head + plain_prose(text), _WIDTH, subsequent_indent=indent), ""]


def _list(title: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    wrapped_entries = [textwrap.wrap(f"- {plain_prose(each)}", _WIDTH, subsequent_indent="  ") for each in entries]
    return [title, *(line for entry in wrapped_entries for line in entry), ""]


def _equation(equation: EquationText) -> list[str]:
    return [f"     {line}" for line in equation["lines"]]
