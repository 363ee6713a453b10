"""A Sphinx extension: mathematics as MathML at build time, so that pages need no script."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from nfa_theory.mathml import mathml


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a sentence."""
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula that is set off; one that is too wide scrolls by itself."""
    translator.body.append(f'<div class="math" tabindex="0">{mathml(node.astext().strip(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
