"""Formulas of every kind as lines of text and of LaTeX, broken where they are too long for a line."""

import re
from typing import Any, Final

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.printing import UNICODE
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.rendering.layout import top_level_terms, visible_width, wrapped
from derivations.rendering.prose import LETTERS, greek

LATEX_WIDTH: Final = 64
TEXT_WIDTH: Final = 100
_POWERS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def formula_text(formula: Any) -> str:
    """Write a formula in Unicode."""
    if isinstance(formula, tuple):
        return "[" + ", ".join(map(formula_text, formula)) + "]"
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        return greek(str(formula))
    if isinstance(formula, AlignmentRatio):
        top, first, second = (formula_text(part) for part in (formula.numerator, formula.first, formula.second))
        return f"{_in_brackets(top)} / √({_in_brackets(first)} {_in_brackets(second)})"
    named = {symbol: sympy.Symbol(trace_name(symbol.name)) for symbol in formula.free_symbols}
    return greek(UNICODE.scalar(formula.xreplace(named)))


def trace_name(name: str) -> str:
    """Write a symbol that stands for a trace, such as ``tr_K2``, as that trace.

    Examples
    --------
    >>> trace_name("tr_K2")
    'tr(K²)'
    """
    if not name.startswith("tr_"):
        return name
    return f"tr({name.removeprefix('tr_').translate(_POWERS)})"


def _in_brackets(text: str) -> str:
    return f"({text})" if len(top_level_terms(text)) > 1 else text


def formula_latex(formula: Any) -> str:
    """Write a formula in LaTeX, on one line."""
    if isinstance(formula, tuple):
        return r"\left[" + ",\\; ".join(map(formula_latex, formula)) + r"\right]"
    if isinstance(formula, MatrixPolynomial | TracePolynomial | AlignmentRatio):
        return formula.latex()
    traces = {each: _trace_latex(each.name) for each in formula.free_symbols if each.name.startswith("tr_")}
    return str(sympy.latex(formula, symbol_names=traces))


def _trace_latex(name: str) -> str:
    letters = name.removeprefix("tr_")
    if letters in LETTERS:
        return rf"\operatorname{{tr}}(\{letters})"
    powers = re.sub(r"(\d+)", r"^{\1}", letters)
    return rf"\operatorname{{tr}}({powers})"


def equations_latex(left: str, formula: Any) -> list[str]:
    """Write ``left = formula`` as displayed equations, each short enough for a page."""
    if isinstance(formula, tuple):
        return [
            line for i, each in enumerate(formula) for line in equations_latex(rf"\left[{left}\right]_{{{i}}}", each)
        ]
    if isinstance(formula, AlignmentRatio) and visible_width(formula.latex()) > LATEX_WIDTH:
        whole = rf"{left} = \frac{{N}}{{\sqrt{{D_1 D_2}}}}"
        parts = (("N", formula.numerator), ("D_1", formula.first), ("D_2", formula.second))
        return [whole, *(line for name, part in parts for line in equations_latex(name, part))]
    return [_broken(left, formula_latex(formula))]


def equations_text(left: str, formula: Any) -> list[str]:
    """Write ``left = formula`` as lines of text; continued lines are indented."""
    if isinstance(formula, tuple):
        return [line for i, each in enumerate(formula) for line in equations_text(f"{left}[{i}]", each)]
    whole = f"{left} = {formula_text(formula)}"
    if isinstance(formula, AlignmentRatio) and len(whole) > TEXT_WIDTH:
        parts = (("N", formula.numerator), ("D₁", formula.first), ("D₂", formula.second))
        lines = [line for name, part in parts for line in equations_text(name, part)]
        return [f"{left} = N / √(D₁ D₂)", *(f"    {line}" for line in lines)]
    first, *rest = wrapped(whole, TEXT_WIDTH, lambda count: f"+ ... ({count} further terms)")
    return [first, *(f"    {line}" for line in rest)]


def _broken(left: str, right: str) -> str:
    lines = wrapped(right, LATEX_WIDTH, lambda count: rf"+ \cdots \text{{ ({count} further terms)}}")
    if len(lines) == 1:
        return f"{left} = {right}"
    rest = "".join(rf" \\ &\quad {line}" for line in lines[1:])
    return rf"\begin{{align*}} {left} &= {lines[0]}{rest} \end{{align*}}"
