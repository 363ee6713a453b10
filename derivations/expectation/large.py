"""Expansion of expectations when dimensions are large: leading (free) term and corrections of every order."""

from collections import defaultdict
from dataclasses import dataclass

from derivations.algebra import TracePolynomial
from derivations.algebra.coefficients import Coefficient
from derivations.algebra.expression import add_term
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import SymbolTable
from derivations.expectation.errors import ExpectationError
from derivations.expectation.growth import Dimensions, Growth


@dataclass(frozen=True)
class Expansion:
    """A trace polynomial split by its order in the large dimensions.

    Parameters
    ----------
    power : int
        Order of the leading term: if all large dimensions, and the traces over them, grow like ``N``, it grows like
        ``N**power``.
    terms : tuple of TracePolynomial
        The leading term and the corrections, each smaller by one power of ``N`` than the one before.
    """

    power: int
    terms: tuple[TracePolynomial, ...]

    @property
    def leading(self) -> TracePolynomial:
        """The leading term."""
        return self.terms[0]

    @property
    def truncated(self) -> TracePolynomial:
        """The sum of the terms."""
        return sum(self.terms[1:], start=self.terms[0])


def large_dimension(expression: TracePolynomial, dimensions: Dimensions, order: int = 0) -> Expansion:
    """Expand a trace polynomial when dimensions grow in proportion.

    A trace of a product whose every dimension is large counts as one power, since it is that dimension times a
    normalized trace; a trace that passes through a dimension that stays fixed counts as bounded.

    Parameters
    ----------
    expression : TracePolynomial
        An exact expectation; its coefficients are rational functions of the dimensions.
    dimensions : iterable of Scalar, or mapping
        The dimensions that grow together. A mapping also says what to write for each: ``{n: gamma * d, d: ...}`` puts
        ``gamma d`` for ``n`` and keeps ``d``.
    order : int
        How many corrections to give after the leading term.

    Returns
    -------
    Expansion
        The terms by order.

    Raises
    ------
    ExpectationError
        If the order is negative, no dimension is given, or the expression is zero.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> from derivations.expectation import Wishart, expect
    >>> n, S = Scalar("n"), Matrix("S", "d", symmetric=True)
    >>> W = Wishart("W", dof=n, covariance=S / n)
    >>> square = expect(tr(W * W), over=[W])
    >>> [str(term) for term in large_dimension(square, [n], order=1).terms]
    ['tr(S²)', '1/n tr(S²) + 1/n tr(S)²']

    With ``d`` as large as ``n``, the second trace is no longer small:

    >>> print(large_dimension(square, [n, "d"]).leading)
    tr(S²) + 1/n tr(S)²
    """
    if order < 0:
        raise ExpectationError(f"the order must be a non-negative integer, got {order}")
    growth = Growth.read(dimensions)
    power = leading_power(expression, growth)
    pieces = graded(expression, growth, power - order)
    zero = TracePolynomial(expression.table, {})
    return Expansion(power, tuple(pieces.get(power - i, zero) for i in range(order + 1)))


def leading_power(expression: TracePolynomial, growth: Growth) -> int:
    """Return the order of the leading term of an expression that is not zero."""
    # Different monomials cannot cancel each other.
    inserted = ((monomial, growth.insert(value)) for monomial, value in expression.terms.items())
    powers = [growth.degree(value) + _weight(key, expression.table, growth) for key, value in inserted if value != 0]
    if not powers:
        raise ExpectationError("an expansion needs an expression that is not zero, got 0")
    return max(powers)


def graded(expression: TracePolynomial, growth: Growth, lowest: int) -> dict[int, TracePolynomial]:
    """Split a trace polynomial by order, down to a lowest one."""
    parts: defaultdict[int, dict[Monomial, Coefficient]] = defaultdict(dict)
    for monomial, value in expression.terms.items():
        weight = _weight(monomial, expression.table, growth)
        for power, coefficient in growth.expand(growth.insert(value), lowest - weight).items():
            add_term(parts[power + weight], monomial, coefficient)
    return {power: TracePolynomial(expression.table, terms) for power, terms in parts.items() if terms}


def _weight(monomial: Monomial, table: SymbolTable, growth: Growth) -> int:
    return sum(all(table.rows[letter] in growth.names for letter in word) for word in monomial)
