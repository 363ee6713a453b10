"""Evaluate expressions on arrays of any namespace: shared subproducts, cheapest order of multiplication."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from array_api_compat import array_namespace, device, is_array_api_obj

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.evaluate import by_name, dimensions
from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.plan import Plan
from derivations.algebra.symbols import Spelled, Symbol
from derivations.errors import MissingValueError


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
        self._plans: dict[tuple[tuple[str, int], ...], Plan] = {}

    def plan(self, sizes: Mapping[str, int]) -> Plan:
        """Return the plan of multiplications for given dimensions.

        Parameters
        ----------
        sizes : mapping from str to int
            Value of each scalar that is a dimension.

        Returns
        -------
        Plan
            The same object for the same dimensions.
        """
        dims = {size for symbol in self.expression.symbols() for size in (symbol.rows, symbol.cols)}
        key = tuple(sorted((size, int(sizes[size])) for size in dims if isinstance(size, str)))
        if key not in self._plans:
            self._plans[key] = Plan(self.expression, dict(key))
        return self._plans[key]

    def __call__(self, values: Mapping[Any, Any]) -> Any:
        """Evaluate on arrays.

        Parameters
        ----------
        values : mapping
            An array for each `Matrix` or its name, a number for each `Scalar` or its name.

        Returns
        -------
        array
            The value, with the batch axes of the arrays in front.

        Raises
        ------
        MissingValueError
            If a value is missing or of the wrong shape.
        """
        named = by_name(self.expression, values)
        arrays = {name: value for name, value in named.items() if is_array_api_obj(value) and value.ndim > 0}
        needed = {symbol.name for symbol in self.expression.symbols() if symbol.kind == "plain"}
        for name in sorted(needed):
            if name not in arrays or arrays[name].ndim < 2:
                raise MissingValueError(f"the value of {name} must be an array of at least 2 axes, as the others are")
        shapes = {name: (array.shape[-2], array.shape[-1]) for name, array in arrays.items() if array.ndim > 1}
        scalars = {name: value for name, value in named.items() if name not in arrays}
        sizes = dimensions(self.expression, shapes, scalars)
        if not arrays:
            raise MissingValueError("evaluation on arrays needs at least one array, got none")
        return _Run(self.plan(sizes), arrays, sizes).value(self.expression)


class _Run:
    """One evaluation: values of symbols, words and traces in one namespace."""

    def __init__(self, plan: Plan, arrays: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
        self.plan = plan
        self.arrays = arrays
        self.sizes = sizes
        self.xp = array_namespace(*arrays.values())
        self.like = next(iter(arrays.values()))
        self.products: dict[Spelled, Any] = {}

    def size(self, size: int | str) -> int:
        return int(self.sizes[size]) if isinstance(size, str) else size

    def eye(self, size: int) -> Any:
        return self.xp.eye(size, dtype=self.like.dtype, device=device(self.like))

    def symbol(self, symbol: Symbol) -> Any:
        if symbol.kind == "plain":
            return self.arrays[symbol.name]
        rows = self.size(symbol.rows)
        if symbol.kind == "ones":
            return self.xp.ones((rows, 1), dtype=self.like.dtype, device=device(self.like))
        if symbol.kind == "inverse":
            return self.xp.linalg.inv(self.arrays[symbol.parts[0][0][0].name])
        first = self.word(symbol.parts[0], rows)
        if symbol.kind == "diagonal":
            return first * self.eye(rows)
        for part in symbol.parts[1:]:
            first = first * self.word(part, rows)
        return first

    def word(self, word: Spelled, size: int) -> Any:
        if not word:
            return self.eye(size)
        if word not in self.products:
            self.products[word] = self._product(word, size)
        return self.products[word]

    def _product(self, word: Spelled, size: int) -> Any:
        if len(word) == 1:
            symbol, transposed = word[0]
            return self.xp.matrix_transpose(self.word(((symbol, False),), size)) if transposed else self.symbol(symbol)
        if self.plan.is_transpose(word):
            return self.xp.matrix_transpose(self.word(self.plan.transposed(word), size))
        cut = self.plan.cut(word)
        return self.xp.matmul(self.word(word[:cut], size), self.word(word[cut:], size))

    def trace(self, word: Spelled) -> Any:
        """Contract two halves entry by entry: the last product of a trace is never formed."""
        left, right = self.plan.halves(word)
        first = self.word(left, 0)
        if not right:
            return self.xp.linalg.trace(first)
        return self.xp.sum(first * self.xp.matrix_transpose(self.word(right, 0)), axis=(-2, -1))

    def coefficient(self, value: Coefficient) -> Any:
        number = value.evaluate(self.sizes, number=_number) if isinstance(value, RationalFunction) else value
        return float(number) if isinstance(number, int | Fraction) else number

    def value(self, expression: Expression[Any]) -> Any:
        is_matrix = isinstance(expression, MatrixPolynomial)
        traces: dict[Any, Any] = {}
        factors: dict[Any, Any] = {}
        for key, value in expression.terms.items():
            monomial, word = key if is_matrix else (key, ())
            term = self.coefficient(value)
            for each in monomial:
                if each not in traces:
                    traces[each] = self.trace(expression.table.spell(each))
                term = term * traces[each]
            factors[word] = factors[word] + term if word in factors else term
        zero = self.xp.zeros((), dtype=self.like.dtype, device=device(self.like))
        if not isinstance(expression, MatrixPolynomial):
            return zero + factors.get((), 0.0)
        rows, cols = (self.size(size) for size in expression.shape)
        total = self.xp.zeros((rows, cols), dtype=self.like.dtype, device=device(self.like))
        for word, factor in factors.items():
            scale = factor[..., None, None] if is_array_api_obj(factor) and factor.ndim else factor
            total = total + scale * self.word(expression.table.spell(word), rows)
        return total


def _number(value: int | Fraction) -> float:
    return float(value)
