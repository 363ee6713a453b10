"""Breaking formulas that are too long for a line; nothing here needs the symbolic engine."""

import re
from collections.abc import Callable
from typing import Final

MOST_TERMS: Final = 40


def wrapped(formula: str, width: int, further: Callable[[int], str]) -> list[str]:
    """Break a formula into lines between the terms of its outermost sum; `further` tells how many are left out."""
    lines, terms = [""], top_level_terms(formula)
    if len(terms) > MOST_TERMS:
        terms = [*terms[: MOST_TERMS // 2], further(len(terms) - MOST_TERMS // 2)]
    for term in terms:
        if lines[-1] and visible_width(lines[-1]) + visible_width(term) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {term}".strip()
    return lines


def top_level_terms(formula: str) -> list[str]:
    """Split a sum at the signs outside all brackets; each term keeps its sign.

    Examples
    --------
    >>> top_level_terms("a - (b + c) + d")
    ['a', '- (b + c)', '+ d']
    """
    terms, depth, start = [], 0, 0
    for i, letter in enumerate(formula):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and i > start and letter in "+-" and formula[i - 1] == " " and formula[i + 1 : i + 2] == " ":
            terms.append(formula[start : i - 1])
            start = i
    return [*terms, formula[start:]]


def visible_width(latex: str) -> int:
    """Estimate how wide a formula is, in small letters; capitals take half as much again."""
    shown = re.sub(r"\\(left|right|operatorname)", "", latex)
    shown = re.sub(r"\\[A-Z][A-Za-z]*", "X", shown)
    shown = re.sub(r"[{}^_ ]", "", re.sub(r"\\[A-Za-z]+", "x", shown))
    return len(shown) + sum(letter.isupper() for letter in shown) // 2
