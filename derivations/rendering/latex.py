"""Derivations as one LaTeX document that needs nothing but the article class and amsmath."""

import re
from collections.abc import Iterable
from typing import Final

from derivations.rendering.document import Document, EquationText
from derivations.rendering.layout import visible_width

_PREAMBLE: Final = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage{amssymb}
\usepackage[margin=2.2cm]{geometry}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\sloppy
\begin{document}
"""
_SPECIAL: Final = {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "ö": r"\"o", "~": r"\textasciitilde{}"}


def render_latex(documents: Iterable[Document], title: str = "") -> str:
    r"""Write derivations as a LaTeX document.

    Parameters
    ----------
    documents : iterable of Document
        From `describe`; one section each.
    title : str
        Title of the document; none for an empty string.

    Returns
    -------
    str
        From ``\documentclass`` to ``\end{document}``.
    """
    head = rf"\title{{{_prose(title)}}}\author{{}}\date{{}}\maketitle" + "\n\\tableofcontents\n" if title else ""
    return _PREAMBLE + head + "\n".join(map(_section, documents)) + "\n\\end{document}\n"


def _section(document: Document) -> str:
    parts = [
        rf"\section{{{_prose(document['title'])}}}",
        rf"\texttt{{{_prose(document['name'])}}}",
        rf"\paragraph{{Claim.}} {_prose(document['statement'])}",
        *_itemized("Assumptions.", document["assumptions"]),
        r"\paragraph{Derivation.}\mbox{}",
        r"\begin{enumerate}",
    ]
    for step in document["steps"]:
        uses = rf" \emph{{({_prose('; '.join(step['uses']))})}}" if step["uses"] else ""
        parts += [rf"\item {_prose(step['text'])}{uses}", *map(_displays, step["equations"])]
    parts += [r"\end{enumerate}", r"\paragraph{Closed form.}\mbox{}", *map(_displays, document["closed_form"].values())]
    held = sum(document["obligations"].values())
    names = _prose("; ".join(document["obligations"]))
    parts.append(rf"\paragraph{{Checked.}} {held} of {len(document['obligations'])} obligations hold: {names}.")
    parts += _itemized("Limits.", document["limits"])
    parts.append(rf"\paragraph{{Source.}} {_prose(document['source'])}")
    return "\n".join(parts) + "\n"


def _itemized(title: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    items = [rf"\item {_prose(each)}" for each in entries]
    return [rf"\paragraph{{{title}}}\mbox{{}}", r"\begin{itemize}", *items, r"\end{itemize}"]


def _displays(equation: EquationText) -> str:
    return "\n".join(map(_display, equation["displays"]))


def _display(mathematics: str) -> str:
    """Set an equation off, in smaller type where a line of it would not fit the page."""
    widest = max(visible_width(line) for line in mathematics.split(r"\\"))
    shown = mathematics if mathematics.startswith(r"\begin{align*}") else rf"\[ {mathematics} \]"
    size = next(
        (size for limit, size in ((70, ""), (85, r"\small"), (100, r"\footnotesize")) if widest < limit), r"\tiny"
    )
    return f"{{{size} {shown}}}" if size else shown


def _prose(text: str) -> str:
    """Escape what is special in LaTeX outside of mathematics."""
    pieces = text.split("$")
    return "".join(f"${piece}$" if i % 2 else _escaped(piece) for i, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    return re.sub("|".join(map(re.escape, _SPECIAL)), lambda match: _SPECIAL[match[0]], text).replace("^", r"\^{}")
