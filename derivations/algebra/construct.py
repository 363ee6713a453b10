"""The building blocks: scalars, matrix symbols, identity and ones."""

from typing import Any

from derivations.algebra.coefficients import RationalFunction, exact_number
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.reduction import reduce_word
from derivations.algebra.symbols import Dimension, Symbol, table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.errors import ShapeError, SymbolError


class Scalar(TracePolynomial):
    """A named scalar: a dimension, the time, or any other number.

    Parameters
    ----------
    name : str
        Its name. Two scalars of one name are the same.

    Examples
    --------
    >>> n = Scalar("n")
    >>> print((n + 1) * (n - 1) / n)
    (n - 1) (n + 1)/n
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        _check_name(name)
        super().__init__(table_of(), {(): RationalFunction.variable(name)})
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return Scalar, (self.name,)


class Matrix(MatrixPolynomial):
    """A matrix symbol.

    Parameters
    ----------
    name : str
        Its name; within one expression a name stands for one symbol.
    rows, cols : int, str or Scalar
        Shape; ``cols`` defaults to ``rows``. A vector has one column.
    symmetric, diagonal, positive_definite, invertible : bool
        Properties. A diagonal matrix is symmetric and commutes with the other diagonal ones; a positive definite one
        is symmetric and invertible.
    latex : str, optional
        Its LaTeX name, where the name itself does not give it.

    Raises
    ------
    ShapeError
        If a dimension is not a positive integer or a scalar, or a property needs a square matrix.

    Examples
    --------
    >>> S = Matrix("S", "d", positive_definite=True)
    >>> A = Matrix("A", "d", "k")
    >>> print(A.T * S * S.inverse * A)
    Aᵀ A
    """

    __slots__ = ("symbol",)
    symbol: Symbol

    def __init__(
        self,
        name: str,
        rows: "Dimension | Scalar",
        cols: "Dimension | Scalar | None" = None,
        *,
        symmetric: bool = False,
        diagonal: bool = False,
        positive_definite: bool = False,
        invertible: bool = False,
        latex: str | None = None,
    ) -> None:
        _check_name(name)
        shape = dimension(rows), dimension(rows if cols is None else cols)
        symmetric = symmetric or diagonal or positive_definite
        invertible = invertible or positive_definite
        if (symmetric or invertible) and shape[0] != shape[1]:
            kind = "symmetric" if symmetric else "invertible"
            raise ShapeError(f"a {kind} matrix must be square, got {name} ({shape[0]} x {shape[1]})")
        symbol = Symbol(
            name,
            *shape,
            symmetric=symmetric,
            diagonal=diagonal,
            invertible=invertible,
            positive_definite=positive_definite,
            tex=latex,
        )
        _fill(self, symbol)

    def __reduce__(self) -> tuple[Any, ...]:
        return matrix_of, (self.symbol,)

    @property
    def inverse(self) -> "Matrix":
        """The inverse, a symbol that cancels against this one.

        Raises
        ------
        SymbolError
            If the symbol is not declared invertible.
        """
        symbol = self.symbol
        if not symbol.invertible:
            raise SymbolError(
                f"only an invertible symbol has an inverse, got {symbol.name}; Matrix(..., invertible=True) has one"
            )
        return matrix_of(inverse_symbol(symbol))


def inverse_symbol(symbol: Symbol) -> Symbol:
    """Return the symbol of the inverse."""
    if symbol.kind == "inverse":
        return symbol.parts[0][0][0]
    return Symbol(
        f"{symbol.name}⁻¹",
        symbol.rows,
        symbol.cols,
        symmetric=symbol.symmetric,
        diagonal=symbol.diagonal,
        invertible=True,
        kind="inverse",
        parts=(((symbol, False),),),
    )


def matrix_of(symbol: Symbol) -> Matrix:
    """Return the matrix polynomial that is one symbol."""
    matrix = Matrix.__new__(Matrix)
    _fill(matrix, symbol)
    return matrix


def _fill(matrix: Matrix, symbol: Symbol) -> None:
    table = table_of(symbol)
    factor, monomial, word = reduce_word((0,), table)
    MatrixPolynomial.__init__(matrix, table, {(monomial, word): factor}, symbol.rows, symbol.cols)
    matrix.symbol = symbol


def identity(size: Dimension | Scalar) -> MatrixPolynomial:
    """Return the identity matrix, which products absorb.

    Parameters
    ----------
    size : int, str or Scalar
        Dimension.

    Returns
    -------
    MatrixPolynomial
        The identity.
    """
    rows = dimension(size)
    return MatrixPolynomial(table_of(), {((), ()): 1}, rows, rows)


def zeros(rows: Dimension | Scalar, cols: Dimension | Scalar) -> MatrixPolynomial:
    """Return the zero matrix.

    Parameters
    ----------
    rows, cols : int, str or Scalar
        Shape.

    Returns
    -------
    MatrixPolynomial
        Zero.
    """
    return MatrixPolynomial(table_of(), {}, dimension(rows), dimension(cols))


def ones(rows: Dimension | Scalar, cols: Dimension | Scalar = 1) -> MatrixPolynomial:
    """Return the all-ones matrix, an outer product of vectors of ones.

    Parameters
    ----------
    rows, cols : int, str or Scalar
        Shape; a column vector by default.

    Returns
    -------
    MatrixPolynomial
        The matrix with all entries 1.

    Examples
    --------
    >>> H = identity("n") - ones("n", "n") / Scalar("n")
    >>> H * H == H
    True
    """
    return _ones_vector(dimension(rows)) * _ones_vector(dimension(cols)).T


def _ones_vector(size: Dimension) -> MatrixPolynomial:
    if size == 1:
        return identity(1)
    tex = rf"\mathbf{{1}}_{{{size}}}"
    return matrix_of(Symbol(f"1[{size}]", size, 1, kind="ones", tex=tex))


def dimension(value: Dimension | Scalar) -> Dimension:
    """Read a dimension."""
    if isinstance(value, Scalar):
        return value.name
    if isinstance(value, str):
        _check_name(value)
        return value
    number = None if isinstance(value, bool | float | TracePolynomial) else exact_number(value)
    if isinstance(number, int) and number > 0:
        return number
    raise ShapeError(f"a dimension must be a positive integer or a Scalar, got {value}")


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise SymbolError(f"a name must be a non-empty string, got {name!r}")
