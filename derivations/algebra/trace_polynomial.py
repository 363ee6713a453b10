"""Trace polynomials: sums of products of traces, with scalar coefficients."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

import sympy

from derivations.algebra.coefficients import Coefficient, RationalFunction, exact_number, reciprocal
from derivations.algebra.expression import TERM_LIMIT, Expression, add_term, check_term_limit, rename_monomial
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import SymbolTable, merge_tables, table_of
from derivations.errors import DerivationError

if TYPE_CHECKING:
    from derivations.algebra.matrix_polynomial import MatrixPolynomial


class TracePolynomial(Expression[Monomial]):
    """A scalar: a sum of coefficients times products of traces.

    Two polynomials compare equal exactly if they agree as formal trace polynomials, whatever the order in which they
    were built. Use `Scalar`, `tr` and arithmetic to build one.

    Parameters
    ----------
    table : SymbolTable
        What the letters stand for.
    terms : dict
        ``{trace monomial: coefficient}``; a trace monomial is a sorted tuple of canonical words.

    Examples
    --------
    >>> from derivations.algebra import Matrix, tr
    >>> A, B = Matrix("A", "d", "d"), Matrix("B", "d", "d")
    >>> tr(A * B) == tr((B * A).T)
    True
    >>> print(tr(A) * tr(B) - 2 * tr(A * B))
    -2 tr(A B) + tr(A) tr(B)
    """

    __slots__ = ()

    def _new(self, table: SymbolTable, terms: dict[Monomial, Coefficient]) -> "TracePolynomial":
        return TracePolynomial(table, terms)

    @staticmethod
    def _rename_key(key: Monomial, letters: tuple[int, ...]) -> Monomial:
        return rename_monomial(key, letters)

    def __add__(self, other: object) -> "TracePolynomial":
        value = as_scalar(other)
        return NotImplemented if value is None else self._sum(value, 1)

    def __sub__(self, other: object) -> "TracePolynomial":
        value = as_scalar(other)
        return NotImplemented if value is None else self._sum(value, -1)

    def __rsub__(self, other: object) -> "TracePolynomial":
        return (-self) + other

    @overload
    def __mul__(self, other: "MatrixPolynomial") -> "MatrixPolynomial": ...
    @overload
    def __mul__(self, other: "TracePolynomial | Coefficient | sympy.Rational") -> "TracePolynomial": ...
    def __mul__(self, other: Any) -> Any:
        value = as_scalar(other)
        if value is None:
            return NotImplemented
        check_term_limit(len(self.terms) * len(value.terms), TERM_LIMIT, "the product")
        table = self.table if self.table is value.table else merge_tables(self.table, value.table)[0]
        terms: dict[Monomial, Coefficient] = {}
        for left, a in self.over(table).items():
            for right, b in value.over(table).items():
                add_term(terms, tuple(sorted(left + right)), a * b)
        return TracePolynomial(table, terms)

    __radd__ = __add__

    def __rmul__(self, other: "Coefficient | sympy.Rational") -> "TracePolynomial":
        return self * other

    def __truediv__(self, other: object) -> "TracePolynomial":
        value = as_scalar(other)
        return NotImplemented if value is None else self._scaled(reciprocal(value.as_coefficient()))

    def __rtruediv__(self, other: object) -> "TracePolynomial":
        value = as_scalar(other)
        return NotImplemented if value is None else value / self

    def __pow__(self, exponent: int) -> "TracePolynomial":
        if not isinstance(exponent, int):
            raise DerivationError(f"an exponent must be an integer, got {exponent!r}")
        if exponent < 0:
            return constant(reciprocal(self.as_coefficient())) ** -exponent
        result = constant(1)
        for _ in range(exponent):
            result = result * self
        return result

    def __eq__(self, other: object) -> bool:
        try:
            value = as_scalar(other)
        except DerivationError:
            return False
        return NotImplemented if value is None else self._same_terms(value)

    def __hash__(self) -> int:
        number = self.terms.get(()) if len(self.terms) == 1 else None
        if not self.terms or (number is not None and not isinstance(number, RationalFunction)):
            return hash(number or 0)
        return hash(self._content())

    def as_coefficient(self) -> Coefficient:
        """Return the value as a coefficient.

        Returns
        -------
        int or Fraction or RationalFunction
            The coefficient of the empty product of traces.

        Raises
        ------
        DerivationError
            If the expression contains traces.
        """
        if any(key for key in self.terms):
            raise DerivationError(f"a divisor or coefficient must be free of traces, got {self}")
        return self.terms.get((), 0)

    def subs(self, replacements: Mapping[Any, Any]) -> "TracePolynomial":
        """Replace matrix symbols by matrix polynomials and scalars by scalars.

        Parameters
        ----------
        replacements : mapping
            New value for each `Matrix` or `Scalar`.

        Returns
        -------
        TracePolynomial
            The expression with all replacements made at once.
        """
        from derivations.algebra.substitute import substitute_scalar

        return substitute_scalar(self, replacements)

    def as_sympy(self, replacements: "Mapping[TracePolynomial, Any] | None" = None) -> sympy.Expr:
        """Convert to SymPy; each trace becomes a symbol named as it is printed.

        Parameters
        ----------
        replacements : mapping from TracePolynomial, optional
            SymPy values of single traces.

        Returns
        -------
        sympy.Expr
            The expression.
        """
        from derivations.algebra.sympy_form import as_sympy

        return as_sympy(self, replacements or {})


def constant(value: Coefficient) -> TracePolynomial:
    """Return a coefficient as a trace polynomial."""
    return TracePolynomial(table_of(), {(): value} if value != 0 else {})


def as_scalar(value: object) -> TracePolynomial | None:
    """Read a scalar operand; None where it is something else."""
    if isinstance(value, TracePolynomial):
        return value
    if isinstance(value, RationalFunction):
        return constant(value)
    number = exact_number(value)
    return None if number is None else constant(number)
