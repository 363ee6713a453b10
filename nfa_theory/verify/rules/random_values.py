"""Random values for the symbols of a formula, bound by nothing but their shapes and symmetries."""

from typing import Any

import numpy as np

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.values import needed_names, plain_symbols
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.judging.visibility import random_arrays

SIZES = (4, 5, 6, 7, 8)
"""Of named dimensions, all different as far as they go."""


def random_values(formula: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a matrix or a number for each symbol."""
    expressions = _expressions(formula)
    symbols = {each for expression in expressions for each in plain_symbols(expression.symbols())}
    names = sorted({name for each in expressions for name in needed_names(each)} - {each.name for each in symbols})
    dimensions = sorted({size for each in symbols for size in (each.rows, each.cols) if isinstance(size, str)})
    sizes = {name: SIZES[i % len(SIZES)] for i, name in enumerate(dimensions)}
    numbers = {name: sizes.get(name, rng.uniform(0.5, 1.5)) for name in names}
    return {**numbers, **random_arrays(symbols, sizes, rng)}


def _expressions(formula: Any) -> list[Any]:
    if isinstance(formula, tuple):
        return [each for part in formula for each in _expressions(part)]
    if isinstance(formula, AlignmentRatio):
        return _expressions((formula.numerator, formula.first, formula.second))
    return [formula] if isinstance(formula, MatrixPolynomial | TracePolynomial) else []
