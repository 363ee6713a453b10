"""Random matrices: Gaussian, Wishart and its inverse, Haar, signs. Each is a matrix symbol that knows its law."""

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from derivations.algebra import Matrix, MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.construct import inverse_symbol
from derivations.algebra.symbols import Dimension, SymbolTable, table_of
from derivations.algebra.trace_polynomial import as_scalar
from derivations.algebra.words import Word
from derivations.errors import ShapeError
from derivations.expectation.errors import LawError


@dataclass(frozen=True)
class Covariance:
    """A symmetric product of matrices with a positive number or scalar in front.

    Parameters
    ----------
    factor : int or Fraction or RationalFunction
        What stands in front.
    table : SymbolTable
        What the letters stand for.
    word : tuple of int
        The product; empty for the identity.
    """

    factor: Coefficient
    table: SymbolTable
    word: Word


class _Law(Matrix):
    """A matrix symbol with a law, which a copy must keep."""

    __slots__ = ("_arguments",)
    _arguments: dict[str, Any]

    def __new__(cls, *_: Any, **options: Any) -> "_Law":
        """Refuse what is asked of a law that is real."""
        for word in ("complex", "unitary", "dtype", "field"):
            if options.get(word) not in (None, False, "real"):
                raise LawError(
                    f"not supported: complex {cls.__name__}, got {word}={options[word]!r}; laws are real, and a "
                    "complex Gaussian matrix is two of them, for its real and its imaginary part"
                )
        return super().__new__(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self._arguments), ()

    @property
    def inverse(self) -> Matrix:
        """Refused: which moments an inverse has depends on the law."""
        raise LawError(
            f"the inverse of the random matrix {self.symbol.name} is not supported as a symbol; the inverse of a "
            "Wishart matrix has a law of its own, InverseWishart, and that of a Haar matrix is its transpose"
        )


class GaussianMatrix(_Law):
    """A Gaussian matrix ``G`` with ``Cov(G_ia, G_jb) = U_ij V_ab``.

    Parameters
    ----------
    name : str
        Its name.
    rows, cols : int, str or Scalar
        Shape; ``cols`` defaults to ``rows``.
    row_covariance, column_covariance : MatrixPolynomial, optional
        ``U`` (rows x rows) and ``V`` (cols x cols): one symmetric product with a scalar in front, such as ``S`` or
        ``identity(k) / k``. The identity by default. Positive semi-definiteness is assumed, not checked.
    mean : MatrixPolynomial, optional
        The expectation, of the same shape; zero by default.
    latex : str, optional
        Its LaTeX name.

    Raises
    ------
    LawError
        If a covariance is not one symmetric product, or its factor is a negative number.
    ShapeError
        If a covariance or the mean does not fit.

    Examples
    --------
    >>> from derivations.algebra import tr
    >>> from derivations.expectation import expect
    >>> G = GaussianMatrix("G", "k", "d")
    >>> print(expect(tr(G * G.T), over=[G]))
    d k
    """

    __slots__ = ("column_covariance", "mean", "row_covariance")

    def __init__(
        self,
        name: str,
        rows: "Dimension | TracePolynomial",
        cols: "Dimension | TracePolynomial | None" = None,
        *,
        row_covariance: MatrixPolynomial | None = None,
        column_covariance: MatrixPolynomial | None = None,
        mean: MatrixPolynomial | None = None,
        latex: str | None = None,
    ) -> None:
        super().__init__(name, rows, cols, latex=latex)  # type: ignore[arg-type]
        self.row_covariance = _covariance(row_covariance, self.symbol.rows, f"row_covariance of {name}")
        self.column_covariance = _covariance(column_covariance, self.symbol.cols, f"column_covariance of {name}")
        if mean is not None and (not isinstance(mean, MatrixPolynomial) or mean.shape != self.shape):
            raise ShapeError(f"the mean of {name} must be a {self.rows} x {self.cols} matrix, got {_kind(mean)}")
        self.mean = mean
        self._arguments = {
            "name": name,
            "rows": rows,
            "cols": cols,
            "row_covariance": row_covariance,
            "column_covariance": column_covariance,
            "mean": mean,
            "latex": latex,
        }


class Wishart(_Law):
    """A real Wishart matrix: the sum of ``dof`` outer products of independent Gaussian vectors.

    Its expectation is ``dof * covariance``.

    Parameters
    ----------
    name : str
        Its name.
    dof : int or TracePolynomial
        Degrees of freedom: a positive integer, or a scalar expression such as ``Scalar("n")``.
    covariance : MatrixPolynomial
        Covariance of the vectors (d x d): one symmetric product with a scalar in front, such as ``S``,
        ``identity(d)`` or ``S / n``. Positive semi-definiteness is assumed, not checked.
    latex : str, optional
        Its LaTeX name.

    Raises
    ------
    LawError
        If the degrees of freedom are a number other than a positive integer, or the covariance is not one symmetric
        product.
    ShapeError
        If the covariance is not square.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> from derivations.expectation import expect
    >>> W = Wishart("W", dof=Scalar("n"), covariance=Matrix("S", "d", symmetric=True))
    >>> print(expect(W, over=[W]))
    n S
    """

    __slots__ = ("covariance", "dof")

    def __init__(
        self, name: str, dof: int | TracePolynomial, covariance: MatrixPolynomial, *, latex: str | None = None
    ) -> None:
        if not isinstance(covariance, MatrixPolynomial):
            raise LawError(f"the covariance of {name} must be a matrix, got {_kind(covariance)}")
        super().__init__(name, covariance.rows, covariance.cols, symmetric=True, latex=latex)
        self.dof = _degrees_of_freedom(dof, name)
        self.covariance = _covariance(covariance, self.symbol.rows, f"covariance of {name}")
        self._arguments = {"name": name, "dof": dof, "covariance": covariance, "latex": latex}

    def factor(self) -> GaussianMatrix:
        """Return ``G`` of the law for which this matrix is ``G^T G``."""
        rows = _as_dimension(self.dof, self.symbol.name)
        covariance = self._arguments["covariance"]
        return GaussianMatrix(f"{self.symbol.name}½", rows, self.symbol.rows, column_covariance=covariance)


class Signs(_Law):
    """Independent signs, +1 or -1 with equal probability: a diagonal matrix, or a vector.

    Parameters
    ----------
    name : str
        Its name.
    size : int, str or Scalar
        How many signs.
    vector : bool
        A vector (size x 1) instead of a diagonal matrix (size x size).
    latex : str, optional
        Its LaTeX name.

    Examples
    --------
    >>> from derivations.algebra import tr
    >>> from derivations.expectation import expect
    >>> D = Signs("D", "k")
    >>> print(expect(tr(D) ** 4, over=[D]))
    k (3 k - 2)
    """

    __slots__ = ("vector",)

    def __init__(
        self, name: str, size: "Dimension | TracePolynomial", *, vector: bool = False, latex: str | None = None
    ) -> None:
        cols = 1 if vector else None
        super().__init__(name, size, cols, diagonal=not vector, latex=latex)  # type: ignore[arg-type]
        self.vector = vector
        self._arguments = {"name": name, "size": size, "vector": vector, "latex": latex}


class Haar(_Law):
    """An orthogonal matrix that is uniformly distributed.

    Averages are exact in the dimension, by the Weingarten function of the orthogonal group. With ``2 q`` factors they
    hold for dimensions of at least ``q``; below, the formula has poles.

    Parameters
    ----------
    name : str
        Its name.
    size : int, str or Scalar
        Dimension.
    latex : str, optional
        Its LaTeX name.

    Examples
    --------
    >>> from derivations.algebra import Matrix, tr
    >>> from derivations.expectation import expect
    >>> O, A, B = Haar("O", "d"), Matrix("A", "d"), Matrix("B", "d")
    >>> print(expect(tr(O * A * O.T * B), over=[O]))
    1/d tr(A) tr(B)
    """

    __slots__ = ()

    def __init__(self, name: str, size: "Dimension | TracePolynomial", *, latex: str | None = None) -> None:
        super().__init__(name, size, latex=latex)  # type: ignore[arg-type]
        self._arguments = {"name": name, "size": size, "latex": latex}


class InverseWishart(_Law):
    """The inverse of a real Wishart matrix.

    Averages of ``q`` factors exist where the degrees of freedom exceed the dimension by more than ``2 q - 1``.

    Parameters
    ----------
    name : str
        Its name.
    dof : int or TracePolynomial
        Degrees of freedom of the Wishart matrix.
    covariance : MatrixPolynomial
        Covariance of the Wishart matrix: one symmetric product of invertible matrices with a scalar in front.
    latex : str, optional
        Its LaTeX name.

    Raises
    ------
    LawError
        If the covariance is not a product of invertible matrices, or as for `Wishart`.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> from derivations.expectation import expect
    >>> S = Matrix("S", "d", positive_definite=True)
    >>> V = InverseWishart("V", dof=Scalar("n"), covariance=S)
    >>> print(expect(V, over=[V]))
    -1/(d - n + 1) S⁻¹
    """

    __slots__ = ("dof", "precision")

    def __init__(
        self, name: str, dof: int | TracePolynomial, covariance: MatrixPolynomial, *, latex: str | None = None
    ) -> None:
        wishart = Wishart(name, dof, covariance)
        super().__init__(name, covariance.rows, covariance.cols, symmetric=True, latex=latex)
        self.dof = wishart.dof
        self.precision = _inverted(wishart.covariance, name)
        self._arguments = {"name": name, "dof": dof, "covariance": covariance, "latex": latex}


RandomMatrix = GaussianMatrix | Wishart | Signs | Haar | InverseWishart


def _kind(value: object) -> str:
    return f"{value.rows} x {value.cols}" if isinstance(value, MatrixPolynomial) else type(value).__name__


def _covariance(value: MatrixPolynomial | None, size: Dimension, what: str) -> Covariance:
    if value is None:
        return Covariance(1, table_of(), ())
    if not isinstance(value, MatrixPolynomial) or value.shape != (size, size):
        raise ShapeError(f"the {what} must be a {size} x {size} matrix, got {_kind(value)}")
    if len(value.terms) != 1 or value != value.T or next(iter(value.terms))[0]:
        raise LawError(f"the {what} must be one symmetric product with a scalar in front, got {value}")
    ((_, word), factor) = next(iter(value.terms.items()))
    if not isinstance(factor, RationalFunction) and factor < 0:
        raise LawError(f"the {what} must be positive, got {value}")
    return Covariance(factor, value.table, word)


def _degrees_of_freedom(value: int | TracePolynomial, name: str) -> Coefficient:
    requirement = f"the degrees of freedom of {name} must be a positive integer or a scalar"
    scalar = None if isinstance(value, bool | float | str) else as_scalar(value)
    if scalar is None or any(key for key in scalar.terms):
        raise LawError(f"{requirement}, got {value!r}")
    dof = scalar.as_coefficient()
    if not isinstance(dof, RationalFunction) and (not isinstance(dof, int) or dof < 1):
        raise LawError(f"{requirement}, got {value}")
    return dof


def _as_dimension(dof: Coefficient, name: str) -> Dimension:
    if isinstance(dof, int):
        return dof
    if isinstance(dof, RationalFunction) and dof.denominator == 1 and dof.numerator.is_generator:
        (scalar,) = dof.names()
        return scalar
    raise LawError(
        f"inside elementwise products the degrees of freedom of {name} must be a number or a Scalar, got {dof}"
    )


def _inverted(covariance: Covariance, name: str) -> Covariance:
    spelled = covariance.table.spell(covariance.word)
    if not all(symbol.invertible for symbol, _ in spelled):
        raise LawError(f"the covariance of {name} must be a product of invertible matrices (positive_definite=True)")
    inverses = [(inverse_symbol(symbol), transposed) for symbol, transposed in reversed(spelled)]
    table = table_of(*(symbol for symbol, _ in inverses))
    factor = covariance.factor
    return Covariance(
        1 / factor if isinstance(factor, RationalFunction) else Fraction(1) / factor,
        table,
        tuple(table.letter(*each) for each in inverses),
    )


def law_symbols(law: RandomMatrix) -> SymbolTable:
    """Return the table of the symbols that the law of a random matrix mentions."""
    if isinstance(law, GaussianMatrix):
        return table_of(*law.row_covariance.table.symbols, *law.column_covariance.table.symbols)
    if isinstance(law, Wishart):
        return law.covariance.table
    if isinstance(law, InverseWishart):
        return law.precision.table
    return table_of()
