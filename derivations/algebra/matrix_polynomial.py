"""Matrix polynomials: sums of words with scalar coefficients that may contain traces."""

from collections.abc import Mapping
from typing import Any

import sympy

from derivations.algebra.coefficients import Coefficient, reciprocal
from derivations.algebra.expression import (
    TERM_LIMIT,
    Expression,
    add_term,
    check_term_limit,
    rename_monomial,
    rename_word,
)
from derivations.algebra.products import MatrixKey, MatrixTerms, multiply_terms
from derivations.algebra.reduction import Monomial, reduce_trace, reduce_word
from derivations.algebra.symbols import Dimension, SymbolTable, merge_tables, table_of
from derivations.algebra.trace_polynomial import TracePolynomial, as_scalar
from derivations.algebra.words import transpose_word
from derivations.errors import DerivationError, ShapeError

__all__ = ["MatrixPolynomial", "MatrixTerms", "describe", "times_scalar", "tr"]


class MatrixPolynomial(Expression[MatrixKey]):
    """A matrix: a sum of coefficients times products of traces times a word.

    Use `Matrix`, `identity`, `ones` and arithmetic to build one; ``*`` (or ``@``) is the matrix product.

    Parameters
    ----------
    table : SymbolTable
        What the letters stand for.
    terms : dict
        ``{(trace monomial, word): coefficient}``.
    rows, cols : int or str
        Shape; a string is the name of a scalar.

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> A, S = Matrix("A", "d", "k"), Matrix("S", "d", "d", symmetric=True)
    >>> print((S * A).T)
    Aᵀ S
    >>> A * A
    Traceback (most recent call last):
    derivations.errors.ShapeError: cannot multiply A (d x k) by A (d x k): k != d
    """

    __slots__ = ("cols", "rows")

    def __init__(self, table: SymbolTable, terms: MatrixTerms, rows: Dimension, cols: Dimension) -> None:
        super().__init__(table, terms)
        self.rows = rows
        self.cols = cols

    def _new(self, table: SymbolTable, terms: MatrixTerms) -> "MatrixPolynomial":
        return MatrixPolynomial(table, terms, self.rows, self.cols)

    @staticmethod
    def _rename_key(key: MatrixKey, letters: tuple[int, ...]) -> MatrixKey:
        return rename_monomial(key[0], letters), rename_word(key[1], letters)

    @property
    def shape(self) -> tuple[Dimension, Dimension]:
        """Numbers of rows and columns; a string is the name of a scalar."""
        return self.rows, self.cols

    @property
    def T(self) -> "MatrixPolynomial":
        """The transpose."""
        involution = self.table.involution
        terms: MatrixTerms = {}
        for (monomial, word), value in self.terms.items():
            # Diagonal runs must be sorted again.
            add_term(terms, (monomial, reduce_word(transpose_word(word, involution), self.table)[2]), value)
        return MatrixPolynomial(self.table, terms, self.cols, self.rows)

    def _checked(self, other: object, verb: str) -> "MatrixPolynomial":
        if not isinstance(other, MatrixPolynomial):
            raise ShapeError(f"cannot {verb} {describe(self)} and a {type(other).__name__}: both must be matrices")
        if self.shape != other.shape:
            raise ShapeError(f"cannot {verb} {describe(self)} and {describe(other)}: shapes differ")
        return other

    def __add__(self, other: object) -> "MatrixPolynomial":
        if isinstance(other, int) and other == 0:
            return self  # so that sum() works
        return self._sum(self._checked(other, "add"), 1)

    __radd__ = __add__

    def __sub__(self, other: object) -> "MatrixPolynomial":
        return self._sum(self._checked(other, "subtract"), -1)

    def __mul__(self, other: object) -> "MatrixPolynomial":
        if not isinstance(other, MatrixPolynomial):
            scalar = as_scalar(other)
            return NotImplemented if scalar is None else times_scalar(self, scalar)
        if self.cols != other.rows:
            raise ShapeError(f"cannot multiply {describe(self)} by {describe(other)}: {self.cols} != {other.rows}")
        check_term_limit(len(self.terms) * len(other.terms), TERM_LIMIT, "the product")
        table = self.table if self.table is other.table else merge_tables(self.table, other.table)[0]
        terms = multiply_terms(self.over(table), other.over(table), table)
        return MatrixPolynomial(table, terms, self.rows, other.cols)

    __matmul__ = __mul__

    def __rmul__(self, other: object) -> "MatrixPolynomial":
        scalar = as_scalar(other)
        return NotImplemented if scalar is None else times_scalar(self, scalar)

    def __truediv__(self, other: object) -> "MatrixPolynomial":
        scalar = as_scalar(other)
        if scalar is None:
            raise DerivationError(
                "only a scalar divides a matrix; multiply by B.inverse of Matrix(..., invertible=True), "
                f"got ({describe(self)}) / {other}"
            )
        return self._scaled(reciprocal(scalar.as_coefficient()))

    def __pow__(self, exponent: int) -> "MatrixPolynomial":
        if exponent == -1:
            raise DerivationError(
                f"only a symbol has an inverse, A.inverse of Matrix(..., invertible=True), got ({describe(self)})**-1"
            )
        if not isinstance(exponent, int) or exponent < 0:
            raise DerivationError(f"the power of a matrix must be a non-negative integer, got {exponent!r}")
        if self.rows != self.cols:
            raise ShapeError(f"only a square matrix has powers, got {describe(self)}")
        result = MatrixPolynomial(table_of(), {((), ()): 1}, self.rows, self.rows)
        for _ in range(exponent):
            result = result * self
        return result

    def hadamard(self, other: "MatrixPolynomial") -> "MatrixPolynomial":
        """Multiply entry by entry.

        Parameters
        ----------
        other : MatrixPolynomial
            A matrix of the same shape.

        Returns
        -------
        MatrixPolynomial
            The elementwise product.

        Raises
        ------
        ShapeError
            If the shapes differ.
        """
        from derivations.algebra.elementwise import hadamard

        return hadamard(self, self._checked(other, "multiply elementwise"))

    def as_sympy(self) -> sympy.MatrixExpr:
        """Convert to a matrix expression of SymPy.

        Returns
        -------
        sympy.MatrixExpr
            In matrix symbols of the same names; dimensions are positive integer symbols.

        Examples
        --------
        >>> from derivations.algebra import Matrix
        >>> S = Matrix("S", "d", positive_definite=True)
        >>> (S + 2 * S.inverse).as_sympy()
        2*S**(-1) + S
        """
        from derivations.algebra.sympy_form import matrix_as_sympy

        return matrix_as_sympy(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MatrixPolynomial):
            return NotImplemented
        return self.shape == other.shape and self._same_terms(other)

    def __hash__(self) -> int:
        return hash((self.shape, self._content()))

    def subs(self, replacements: Mapping[Any, Any]) -> "MatrixPolynomial":
        """Replace matrix symbols by matrix polynomials and scalars by scalars.

        Parameters
        ----------
        replacements : mapping
            New value for each `Matrix` or `Scalar`.

        Returns
        -------
        MatrixPolynomial
            The expression with all replacements made at once.
        """
        from derivations.algebra.substitute import substitute_matrix

        return substitute_matrix(self, replacements)


def describe(matrix: MatrixPolynomial) -> str:
    """Name a factor and its shape for an error message."""
    text = str(matrix)
    short = text if len(text) <= 40 else f"{text[:37]}..."
    return f"{short} ({matrix.rows} x {matrix.cols})"


def times_scalar(matrix: MatrixPolynomial, scalar: TracePolynomial) -> MatrixPolynomial:
    """Multiply a matrix by a scalar."""
    table = merge_tables(matrix.table, scalar.table)[0]
    terms: MatrixTerms = {}
    for traces, a in scalar.over(table).items():
        for (monomial, word), b in matrix.over(table).items():
            add_term(terms, (tuple(sorted(traces + monomial)), word), a * b)
    return MatrixPolynomial(table, terms, matrix.rows, matrix.cols)


def tr(matrix: MatrixPolynomial) -> TracePolynomial:
    """Return the trace of a square matrix polynomial, in canonical form.

    Parameters
    ----------
    matrix : MatrixPolynomial
        A square matrix.

    Returns
    -------
    TracePolynomial
        Its trace.

    Raises
    ------
    ShapeError
        If the matrix is not square.

    Examples
    --------
    >>> from derivations.algebra import Matrix, identity
    >>> A = Matrix("A", "d", "d")
    >>> print(tr(A + A.T + identity("d")))
    d + 2 tr(A)
    """
    if not isinstance(matrix, MatrixPolynomial):
        raise ShapeError(f"only a matrix has a trace, got {type(matrix).__name__}")
    if matrix.rows != matrix.cols:
        raise ShapeError(f"only a square matrix has a trace, got {describe(matrix)}")
    terms: dict[Monomial, Coefficient] = {}
    for (monomial, word), value in matrix.terms.items():
        factor, pieces = reduce_trace(word, matrix.rows, matrix.table)
        add_term(terms, tuple(sorted(monomial + pieces)), value * factor)
    return TracePolynomial(matrix.table, terms)
