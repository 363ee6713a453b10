"""LaTeX as MathML, which browsers render without scripts or fonts from elsewhere."""

from __future__ import annotations

import re
from html import unescape
from typing import Literal
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

Display = Literal["inline", "block"]

_IMPROVEMENTS = (
    # Names such as tr stand apart from the factor before them, not from the parenthesis after them.
    (re.compile(r"<mo>([A-Za-z]{2,})</mo>"), r'<mo lspace="0.17em" rspace="0em">\1</mo>'),
    # Browsers align the columns of a broken formula by style alone.
    (re.compile(r'<mtd columnalign="(left|right)"'), r'<mtd style="text-align: \1"'),
)
"""What the converter writes, and what browsers set better."""


def mathml(latex: str, display: Display = "inline") -> Markup:
    r"""Turn mathematics into MathML.

    Examples
    --------
    >>> "<mfrac>" in mathml(r"\frac{1}{n}")
    True
    """
    readable = latex.replace(r"\textasciicircum{}", "^").replace(r"\_", "_")
    tree = convert_to_element(readable, display=display)
    for element in tree.iter():  # the converter writes signs as entities, and as text takes whatever stands there
        element.text = unescape(element.text) if element.text else None
        element.attrib = {name: unescape(value) for name, value in element.attrib.items()}
    written = tostring(tree, encoding="unicode")
    for pattern, better in _IMPROVEMENTS:
        written = pattern.sub(better, written)
    return Markup(written.replace("<math ", f'<math alttext="{escape(readable)}" ', 1))


def prose(text: str) -> Markup:
    r"""Turn prose with mathematics between dollar signs into HTML.

    Examples
    --------
    >>> str(prose("a < b"))
    'a &lt; b'
    """
    pieces = text.split("$")
    return Markup("").join(mathml(piece) if i % 2 else piece for i, piece in enumerate(pieces))
