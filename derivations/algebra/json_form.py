"""A stable text form of expressions: written with sorted symbols and terms, equal for equal expressions."""

import json
from typing import Any

from derivations.algebra.coefficients import Coefficient, RationalFunction, named_terms
from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.symbols import Symbol, table_of

FORMAT = "nfa-theory/expression"
VERSION = 1


def to_json(expression: Expression[Any]) -> str:
    """Write an expression as JSON.

    Examples
    --------
    >>> from derivations.algebra import Matrix, from_json, tr
    >>> e = tr(Matrix("A", "d", "d")) ** 2 / 3
    >>> from_json(to_json(e)) == e
    True
    """
    table = table_of(*expression.symbols())
    is_matrix = isinstance(expression, MatrixPolynomial)
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "kind": "matrix" if is_matrix else "trace",
        "symbols": [_symbol(symbol) for symbol in table.symbols],
        "terms": [_term(key, value, is_matrix) for key, value in sorted(expression.over(table).items(), key=_by_key)],
    }
    if isinstance(expression, MatrixPolynomial):
        document["shape"] = list(expression.shape)
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def _by_key(item: tuple[Any, Coefficient]) -> Any:
    return item[0]


def _symbol(symbol: Symbol) -> dict[str, Any]:
    properties = ("symmetric", "diagonal", "invertible", "positive_definite")
    return {
        "name": symbol.name,
        "rows": symbol.rows,
        "cols": symbol.cols,
        "kind": symbol.kind,
        "properties": [name for name in properties if getattr(symbol, name)],
        "parts": [[[_symbol(part), transposed] for part, transposed in word] for word in symbol.parts],
        "latex": symbol.tex,
    }


def _term(key: Any, value: Coefficient, is_matrix: bool) -> dict[str, Any]:
    traces, word = key if is_matrix else (key, ())
    term: dict[str, Any] = {"coefficient": _coefficient(value), "traces": [list(trace) for trace in traces]}
    return {**term, "word": list(word)} if is_matrix else term


def _coefficient(value: Coefficient) -> Any:
    if not isinstance(value, RationalFunction):
        return str(value)
    return {"numerator": _polynomial(value.numerator), "denominator": _polynomial(value.denominator)}


def _polynomial(element: Any) -> list[Any]:
    return sorted([[[list(power) for power in sorted(powers)], str(factor)] for powers, factor in named_terms(element)])
