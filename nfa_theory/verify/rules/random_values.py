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
    expressions = [each for each in leaves(formula) if isinstance(each, MatrixPolynomial | TracePolynomial)]
    symbols = {each for expression in expressions for each in plain_symbols(expression.symbols())}
    names = sorted({name for each in expressions for name in needed_names(each)} - {each.name for each in symbols})
    dimensions = sorted({size for each in symbols for size in (each.rows, each.cols) if isinstance(size, str)})
    sizes = {name: SIZES[i % len(SIZES)] for i, name in enumerate(dimensions)}
    numbers = {name: sizes.get(name, rng.uniform(0.5, 1.5)) for name in names}
    return {**numbers, **random_arrays(symbols, sizes, rng)}


def leaves(formula: Any) -> list[Any]:
    """List the expressions, of the engine or of SymPy, that a formula is made of."""
    if isinstance(formula, AlignmentRatio):
        formula = formula.parts
    return [each for part in formula for each in leaves(part)] if isinstance(formula, tuple) else [formula]
