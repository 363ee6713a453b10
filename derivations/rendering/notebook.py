"""How a derivation shows itself: as text, as LaTeX, and in a notebook.

The theory writes no HTML: who does registers a way. So does who keeps what was written out once.
"""

import re
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from derivations.rendering.describe import describe
from derivations.rendering.document import Document
from derivations.rendering.formulas import formula_latex
from derivations.rendering.latex import render_latex
from derivations.rendering.text import render_text


def whole_text(derivation: Any) -> str:
    """Return the whole argument as text for a terminal."""
    return render_text(describe(derivation))


def whole_latex(derivation: Any) -> str:
    """Return the whole argument as a LaTeX document."""
    return render_latex([describe(derivation)])


def filled(wording: str, gap: re.Pattern[str], formulas: Mapping[str, Any]) -> str:
    """Put the LaTeX of formulas into the gaps of a sentence that name them."""
    return gap.sub(lambda found: formula_latex(formulas[found[1]]), wording)


@singledispatch
def notebook_html(derivation: Any) -> str | None:
    """Return HTML, or None where no way is registered: a notebook then shows LaTeX."""
    return None


@singledispatch
def notebook_latex(derivation: Any) -> str:
    """Return the closed form as mathematics."""
    return closed_form_latex(describe(derivation))


def closed_form_latex(document: Document) -> str:
    """Write a closed form as mathematics for a notebook or a paper."""
    displays = [line for equation in document["closed_form"].values() for line in equation["displays"]]
    return "\n".join(line if line.startswith(r"\begin") else f"$$ {line} $$" for line in displays)
