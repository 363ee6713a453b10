"""Numbers from closed forms: each symbol of a formula becomes an argument by name."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache, singledispatch
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.values import needed_names
from derivations.errors import MissingValueError
from derivations.forms.alignment_ratio import AlignmentRatio


def numeric_function(closed_form: Mapping[str, Any]) -> Callable[..., dict[str, Any]]:
    """Turn a closed form into a function of arrays.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> numeric_function({"y": 2 * x, "z": y + 1})(x=3)
    {'y': 6, 'z': 7}
    """

    def function(**values: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lacking: list[MissingValueError] = []
        for quantity, formula in closed_form.items():
            try:
                found[quantity] = evaluate_formula(formula, {**found, **values})
            except MissingValueError as error:
                lacking.append(error)
        if not found:
            raise lacking[0]
        return found

    return function


@singledispatch
def evaluate_formula(formula: Any, values: Mapping[str, Any]) -> Any:
    """Evaluate a formula in floating point; other kinds of formulas are registered where they are defined."""
    return _evaluate_sympy(sympy.S.Zero + formula, values)  # a plain number becomes SymPy's, a text is refused


@evaluate_formula.register
def _evaluate_tuple(formula: tuple, values: Mapping[str, Any]) -> Any:  # type: ignore[type-arg]
    return tuple(evaluate_formula(each, values) for each in formula)


@evaluate_formula.register
def _evaluate_alignment(formula: AlignmentRatio, values: Mapping[str, Any]) -> float:
    numerator, first, second = (float(evaluate_formula(part, values)) for part in formula.parts)
    return numerator / (math.sqrt(first) * math.sqrt(second)) if min(first, second) > 0 else math.nan


@evaluate_formula.register(TracePolynomial)
@evaluate_formula.register(MatrixPolynomial)
def evaluate_engine(formula: TracePolynomial | MatrixPolynomial, values: Mapping[str, Any]) -> Any:
    """Evaluate an expression of the engine; names that do not occur in it are ignored."""
    names = needed_names(formula)
    return formula.evaluate({name: value for name, value in values.items() if name in names})


def _evaluate_sympy(expression: sympy.Expr, values: Mapping[str, Any]) -> Any:
    names, function = _compiled(expression)
    for name in names:
        if name not in values:
            raise MissingValueError(f"the scalar {name} needs a value, got none")
    return function(*(values[name] for name in names))


@lru_cache(maxsize=1024)
def _compiled(expression: sympy.Expr) -> tuple[tuple[str, ...], Callable[..., Any]]:
    arguments = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    return tuple(symbol.name for symbol in arguments), sympy.lambdify(arguments, expression, "numpy")
