"""A derivation as a reader wants it: plain text, a LaTeX document, or JSON.

What is written out once (`derivations.rendering.describe`) needs the symbolic engine; to read it again needs nothing.
"""

from derivations.rendering.document import Document, render_json
from derivations.rendering.latex import render_latex
from derivations.rendering.text import render_text

__all__ = ["Document", "render_json", "render_latex", "render_text"]
