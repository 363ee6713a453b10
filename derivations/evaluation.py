"""Numbers from closed forms: each symbol of a formula becomes an argument by name."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.symbols import Symbol
from derivations.alignment_ratio import AlignmentRatio
from derivations.errors import MissingValueError


def numeric_function(closed_form: Mapping[str, Any]) -> Callable[..., dict[str, Any]]:
    """Turn a closed form into a function of arrays.

    Parameters
    ----------
    closed_form : mapping
        Formulas by quantity.

    Returns
    -------
    callable
        Takes the value of each symbol by keyword (dimensions only where no matrix tells them) and returns a mapping
        from quantity to value. A quantity that is computed counts as given for those after it; one for which a value
        is missing is left out, and if all are, the error says what the first one lacks.

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


def evaluate_formula(formula: Any, values: Mapping[str, Any]) -> Any:
    """Evaluate a formula in floating point.

    Parameters
    ----------
    formula : Formula
        An expression of the engine or SymPy, an alignment, or a tuple of these.
    values : mapping from str
        Arrays and numbers by name; names that do not occur are ignored.

    Returns
    -------
    float, array or tuple
        An alignment with a zero matrix is undefined: NaN.

    Raises
    ------
    MissingValueError
        If a symbol has no value.
    """
    if isinstance(formula, tuple):
        return tuple(evaluate_formula(each, values) for each in formula)
    if isinstance(formula, AlignmentRatio):
        parts = (formula.numerator, formula.first, formula.second)
        numerator, first, second = (float(evaluate_formula(part, values)) for part in parts)
        return numerator / (math.sqrt(first) * math.sqrt(second)) if min(first, second) > 0 else math.nan
    if isinstance(formula, TracePolynomial | MatrixPolynomial):
        names = needed_names(formula)
        return formula.evaluate({name: value for name, value in values.items() if name in names})
    return _evaluate_sympy(sympy.S.Zero + formula, values)  # a plain number becomes SymPy's, a text is refused


def needed_names(formula: TracePolynomial | MatrixPolynomial) -> frozenset[str]:
    """Return the names of all plain symbols, dimensions and scalars of an expression.

    Parameters
    ----------
    formula : TracePolynomial or MatrixPolynomial
        The expression.

    Returns
    -------
    frozenset of str
        Names that may be given a value.
    """
    names = set(formula.scalar_names())
    if isinstance(formula, MatrixPolynomial):
        names |= {size for size in formula.shape if isinstance(size, str)}
    for symbol in formula.symbols():
        names |= _names_of(symbol)
    return frozenset(names)


def _names_of(symbol: Symbol) -> set[str]:
    names = {size for size in (symbol.rows, symbol.cols) if isinstance(size, str)}
    if not symbol.parts and symbol.kind == "plain":
        names.add(symbol.name)
    for word in symbol.parts:
        for part, _ in word:
            names |= _names_of(part)
    return names


def _evaluate_sympy(expression: sympy.Expr, values: Mapping[str, Any]) -> Any:
    arguments = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    for symbol in arguments:
        if symbol.name not in values:
            raise MissingValueError(f"the scalar {symbol.name} needs a value, got none")
    return sympy.lambdify(arguments, expression, "numpy")(*(values[symbol.name] for symbol in arguments))
