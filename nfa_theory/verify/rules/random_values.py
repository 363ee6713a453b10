"""Random values for the symbols of a formula, bound by nothing but their shapes and symmetries."""

from typing import Any

import numpy as np

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.symbols import Symbol
from derivations.algebra.values import needed_names, plain_symbols
from derivations.forms.alignment_ratio import AlignmentRatio

SIZES = (3, 4, 5, 6, 7)
"""Of named dimensions, all different as far as they go."""


def random_values(formula: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a matrix or a number for each symbol."""
    expressions = _expressions(formula)
    symbols = sorted(
        {each for expression in expressions for each in plain_symbols(expression.symbols())},
        key=lambda symbol: symbol.sort_key,
    )
    names = sorted({name for each in expressions for name in needed_names(each)} - {each.name for each in symbols})
    dimensions = sorted({size for each in symbols for size in (each.rows, each.cols) if isinstance(size, str)})
    sizes = {name: SIZES[i % len(SIZES)] for i, name in enumerate(dimensions)}
    numbers = {name: sizes.get(name, rng.uniform(0.5, 1.5)) for name in names}
    return {**numbers, **{symbol.name: _matrix(symbol, sizes, rng) for symbol in symbols}}


def _expressions(formula: Any) -> list[Any]:
    if isinstance(formula, tuple):
        return [each for part in formula for each in _expressions(part)]
    if isinstance(formula, AlignmentRatio):
        return _expressions((formula.numerator, formula.first, formula.second))
    return [formula] if isinstance(formula, MatrixPolynomial | TracePolynomial) else []


def _matrix(symbol: Symbol, sizes: dict[str, int], rng: np.random.Generator) -> Any:
    rows, cols = (sizes[size] if isinstance(size, str) else size for size in (symbol.rows, symbol.cols))
    drawn = rng.standard_normal((rows, cols))
    if symbol.symmetric:
        drawn = (drawn + drawn.T) / 2
    if symbol.diagonal:
        drawn = np.diag(np.diag(drawn))
    return drawn + 2 * np.sqrt(rows) * np.eye(rows) if symbol.invertible else drawn
