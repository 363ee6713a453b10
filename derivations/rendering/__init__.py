"""A derivation as a reader wants it: plain text, a LaTeX document, or JSON."""

from derivations.rendering.document import Document, describe, render_json
from derivations.rendering.latex import render_latex
from derivations.rendering.text import render_text

__all__ = ["Document", "describe", "render_json", "render_latex", "render_text"]
