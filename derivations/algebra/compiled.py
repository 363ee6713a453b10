"""Evaluate expressions on arrays of any namespace: shared subproducts, cheapest order of multiplication."""

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any

from array_api_compat import array_namespace, device, is_array_api_obj

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.plan import Plan
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import Symbol, SymbolTable, table_of
from derivations.algebra.values import by_name, check_properties, dimensions
from derivations.algebra.words import Word, transpose_word
from derivations.errors import MissingValueError

Term = tuple[Monomial, Word, Coefficient]


class CompiledExpression:
    """An expression as a function of arrays; call it with a mapping of values.

    The order of multiplication is chosen once for each set of dimensions and then kept. Leading axes of the arrays
    are batch axes and broadcast.

    Parameters
    ----------
    expression : TracePolynomial or MatrixPolynomial
        What to evaluate.

    Examples
    --------
    >>> import numpy as np
    >>> from derivations.algebra import Matrix, tr
    >>> A = Matrix("A", "d", "k")
    >>> norm = tr(A.T * A).compile()
    >>> float(norm({A: np.ones((3, 2))}))
    6.0
    """

    def __init__(self, expression: Expression[Any]) -> None:
        self.expression = expression
        self.table = table_of(*_with_parts(expression.symbols()))
        is_matrix = isinstance(expression, MatrixPolynomial)
        self.terms: list[Term] = [
            (key[0], key[1], value) if is_matrix else (key, (), value)
            for key, value in expression.over(self.table).items()
        ]
        self._plans: dict[tuple[int, ...], Plan] = {}

    def plan(self, sizes: Mapping[str, int]) -> Plan:
        """Return the plan of multiplications for given dimensions."""
        rows = tuple(size if isinstance(size, int) else int(sizes[size]) for size in self.table.rows)
        if rows not in self._plans:
            # The letter after a letter is its transpose: its rows are the columns.
            shapes = [(size, rows[i + 1 - 2 * (i % 2)]) for i, size in enumerate(rows)]
            words = [word for _, word, _ in self.terms] + _part_words(self.table)
            traces = [trace for monomial, _, _ in self.terms for trace in monomial]
            self._plans[rows] = Plan(words, traces, shapes, self.table.involution)
        return self._plans[rows]

    def __call__(self, values: Mapping[Any, Any]) -> Any:
        """Evaluate on arrays, by symbol or name; the batch axes of the arrays come first in the value."""
        run = self._run(values)
        if isinstance(self.expression, MatrixPolynomial):
            return run.matrix(self.terms, *self.expression.shape)
        return run.zeros() + run.factors(self.terms).get((), 0.0)

    def products(self, values: Mapping[Any, Any]) -> list[Any]:
        """Evaluate the product of traces, times the word, of each term without its coefficient."""
        run = self._run(values)
        rows = self.expression.rows if isinstance(self.expression, MatrixPolynomial) else 1
        return [
            prod((run.trace(trace) for trace in traces), start=run.zeros() + 1.0)[..., None, None]
            * run.word(word, run.size(rows))
            for traces, word, _ in self.terms
        ]

    def _run(self, values: Mapping[Any, Any]) -> "_Run":
        named = by_name(self.expression, values)
        arrays = {name: value for name, value in named.items() if is_array_api_obj(value) and value.ndim > 0}
        for name in sorted(symbol.name for symbol in self.table.symbols if symbol.kind == "plain"):
            if name not in arrays or arrays[name].ndim < 2:
                raise MissingValueError(f"the value of {name} must be an array of at least 2 axes, as the others are")
        if not arrays:
            raise MissingValueError("evaluation on arrays needs at least one array, got none")
        shapes = {name: (array.shape[-2], array.shape[-1]) for name, array in arrays.items() if array.ndim > 1}
        sizes = dimensions(self.expression, shapes, {name: named[name] for name in named.keys() - arrays.keys()})
        check_properties(self.expression, arrays)
        return _Run(self.table, self.plan(sizes), arrays, sizes)


def _with_parts(symbols: Any) -> set[Symbol]:
    """Return the symbols, and all symbols inside composites."""
    found = set(symbols)
    for symbol in list(found):
        found |= _with_parts(part for word in symbol.parts for part, _ in word)
    return found


def _part_words(table: SymbolTable) -> list[Word]:
    return [_part_word(part, table) for symbol in table.symbols for part in symbol.parts]


def _part_word(part: Any, table: SymbolTable) -> Word:
    return tuple(table.letter(symbol, transposed) for symbol, transposed in part)


class _Run:
    """One evaluation: values of letters, words and traces in one namespace."""

    def __init__(self, table: SymbolTable, plan: Plan, arrays: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
        self.table = table
        self.plan = plan
        self.arrays = arrays
        self.sizes = sizes
        self.xp = array_namespace(*arrays.values())
        like = next(iter(arrays.values()))
        self.options = {"dtype": like.dtype, "device": device(like)}
        self.products: dict[Word, Any] = {}

    def size(self, size: int | str) -> int:
        return int(self.sizes[size]) if isinstance(size, str) else size

    def zeros(self, *shape: int) -> Any:
        return self.xp.zeros(shape, **self.options)

    def symbol(self, symbol: Symbol) -> Any:
        if symbol.kind == "plain":
            return self.arrays[symbol.name]
        rows = self.size(symbol.rows)
        if symbol.kind == "ones":
            return self.xp.ones((rows, 1), **self.options)
        first, *others = (self.word(_part_word(part, self.table), rows) for part in symbol.parts)
        if symbol.kind == "inverse":
            return self.xp.linalg.inv(first)
        if symbol.kind == "diagonal":
            return first * self.xp.eye(rows, **self.options)
        for other in others:
            first = first * other
        return first

    def word(self, word: Word, size: int) -> Any:
        if not word:
            return self.xp.eye(size, **self.options)
        if word not in self.products:
            self.products[word] = self._product(word, size)
        return self.products[word]

    def _product(self, word: Word, size: int) -> Any:
        if len(word) == 1 and word[0] % 2 == 0:
            return self.symbol(self.table.symbols[word[0] // 2])
        if word not in self.plan.cuts:
            return self.xp.matrix_transpose(self.word(transpose_word(word, self.table.involution), size))
        cut = self.plan.cuts[word]
        return self.xp.matmul(self.word(word[:cut], size), self.word(word[cut:], size))

    def trace(self, word: Word) -> Any:
        """Contract two halves entry by entry: the last product of a trace is never formed."""
        if len(word) == 1:
            return self.xp.linalg.trace(self.word(word, 0))
        left, right = self.plan.halves[word]
        return self.xp.sum(self.word(left, 0) * self.xp.matrix_transpose(self.word(right, 0)), axis=(-2, -1))

    def coefficient(self, value: Coefficient) -> Any:
        number = value.evaluate(self.sizes, number=_number) if isinstance(value, RationalFunction) else value
        return float(number) if isinstance(number, int | Fraction) else number

    def factors(self, terms: list[Term]) -> dict[Word, Any]:
        """Sum coefficients times traces for each open word."""
        traces: dict[Word, Any] = {}
        factors: dict[Word, Any] = {}
        for monomial, word, value in terms:
            term = self.coefficient(value)
            for each in monomial:
                if each not in traces:
                    traces[each] = self.trace(each)
                term = term * traces[each]
            factors[word] = factors[word] + term if word in factors else term
        return factors

    def matrix(self, terms: list[Term], rows: int | str, cols: int | str) -> Any:
        """Sum words times their factors, batch axes in front."""
        total = self.zeros(self.size(rows), self.size(cols))
        for word, factor in self.factors(terms).items():
            scale = factor[..., None, None] if is_array_api_obj(factor) and factor.ndim else factor
            total = total + scale * self.word(word, self.size(rows))
        return total


def _number(value: int | Fraction) -> float:
    return float(value)
