"""From a derivation to plain data: print its expressions and decide its obligations."""

import re

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.derivation import Derivation, Equation, vanishes
from derivations.rendering.document import Document, EquationText
from derivations.rendering.formulas import equations_latex, equations_text, formula_latex, formula_text
from derivations.rendering.prose import LETTERS, plain_math

_FORMULA = re.compile(r"(?:\b[A-Za-z](?:_[a-z])?(?![A-Za-z_])|\^\d+|[|\[\] ])+")
"""Names such as ``|F_c|^2`` and ``E[u^3 v^3]``, which are LaTeX but for their powers."""


def describe(derivation: Derivation) -> Document:
    """Write a derivation as plain data; `obligations` tells of each whether it holds, `expressions` are in JSON."""
    return {
        "name": derivation.name,
        "title": derivation.title,
        "statement": derivation.statement,
        "assumptions": list(derivation.assumptions),
        "limits": list(derivation.limits),
        "source": derivation.source,
        "steps": [
            {"text": step.text, "equations": [_equation(each) for each in step.equations], "uses": list(step.uses)}
            for step in derivation.steps
        ],
        "closed_form": {
            quantity: _equation(Equation(quantity, formula, derivation.latex_names.get(quantity)))
            for quantity, formula in derivation.closed_form.items()
        },
        "expressions": {
            quantity: formula.to_json()
            for quantity, formula in derivation.closed_form.items()
            if isinstance(formula, MatrixPolynomial | TracePolynomial)
        },
        "obligations": {name: vanishes(residual) for name, residual in derivation.obligations().items()},
    }


def _equation(equation: Equation) -> EquationText:
    left = equation.latex if equation.latex is not None else _latex_name(equation.left)
    name = equation.left if equation.latex is None else _readable(equation)
    return {
        "left": name,
        "right": formula_text(equation.right),
        "left_latex": left,
        "right_latex": formula_latex(equation.right),
        "lines": equations_text(name, equation.right),
        "displays": equations_latex(left, equation.right),
    }


def _readable(equation: Equation) -> str:
    """Prefer the LaTeX name in Unicode where it is short; a plain name says more than a long formula."""
    text = plain_math(equation.latex or "")
    return text if len(text) < 30 else equation.left


def _latex_name(name: str) -> str:
    is_word = name.isalpha() and len(name) > 3 and name not in LETTERS
    if name.replace("_", "").isalnum() and not is_word:
        return r"\Delta W" if name == "dW" else str(sympy.latex(sympy.Symbol(name)))
    if _FORMULA.fullmatch(name):
        return re.sub(r"\^(\d+)", r"^{\1}", name)
    escaped = name.replace("_", r"\_").replace("^", r"\textasciicircum{}")
    return rf"\text{{{escaped}}}"
