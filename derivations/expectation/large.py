"""Expansion of expectations when dimensions are large: leading (free) term and corrections of every order."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import EllipsisType

from sympy.polys.rings import PolyElement

from derivations.algebra import Scalar, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction, lowest_terms, reciprocal
from derivations.algebra.expression import add_term
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import SymbolTable
from derivations.algebra.trace_polynomial import as_scalar
from derivations.algebra.words import Word
from derivations.expectation.errors import ExpectationError

Dimensions = Iterable[Scalar | str] | Mapping[Scalar | str, TracePolynomial | EllipsisType]
Graded = dict[int, TracePolynomial]


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
    >>> from derivations.algebra import Matrix, tr
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
    values = growing(dimensions)
    power = leading_power(expression, values)
    if power is None:
        raise ExpectationError("an expansion needs an expression that is not zero, got 0")
    pieces = graded(expression, values, power - order)
    zero = TracePolynomial(expression.table, {})
    return Expansion(power, tuple(pieces.get(power - i, zero) for i in range(order + 1)))


def growing(dimensions: Dimensions) -> dict[str, Coefficient]:
    """Read which dimensions grow.

    Parameters
    ----------
    dimensions : iterable of Scalar, or mapping
        As for `large_dimension`.

    Returns
    -------
    dict
        What to write for each, by name.

    Raises
    ------
    ExpectationError
        If there is none, or one is not a scalar.
    """
    pairs = dimensions.items() if isinstance(dimensions, Mapping) else ((each, ...) for each in dimensions)
    values: dict[str, Coefficient] = {}
    for dimension, value in pairs:
        if not isinstance(dimension, Scalar | str):
            raise ExpectationError(f"a large dimension must be a Scalar, got {dimension}")
        name = dimension if isinstance(dimension, str) else dimension.name
        scalar = RationalFunction.variable(name) if value is ... else as_scalar(value)
        if scalar is None:
            raise ExpectationError(f"the value of the dimension {name} must be a scalar, got {value}")
        values[name] = scalar.as_coefficient() if isinstance(scalar, TracePolynomial) else scalar
    if not values:
        raise ExpectationError("an expansion needs at least one large dimension, got none")
    return values


def leading_power(expression: TracePolynomial, values: Mapping[str, Coefficient]) -> int | None:
    """Return the order of the leading term, None for zero.

    Parameters
    ----------
    expression : TracePolynomial
        What to expand.
    values : mapping
        The growing dimensions.

    Returns
    -------
    int or None
        Its order.
    """
    bounds = [
        _top(insert(value, values), values) + _weight(monomial, expression.table, values)
        for monomial, value in expression.terms.items()
    ]
    for power in sorted(set(bounds), reverse=True):
        # Leading terms may cancel once the values are inserted, hence the check.
        if graded(expression, values, power).get(power):
            return power
    return None


def graded(expression: TracePolynomial, values: Mapping[str, Coefficient], lowest: int) -> Graded:
    """Split a trace polynomial by order, down to a lowest one.

    Parameters
    ----------
    expression : TracePolynomial
        What to expand.
    values : mapping
        The growing dimensions.
    lowest : int
        The last order to give.

    Returns
    -------
    dict
        The part of each order.
    """
    parts: defaultdict[int, dict[Monomial, Coefficient]] = defaultdict(dict)
    for monomial, value in expression.terms.items():
        weight = _weight(monomial, expression.table, values)
        for power, coefficient in expand_coefficient(insert(value, values), values, lowest - weight).items():
            add_term(parts[power + weight], monomial, coefficient)
    return {power: TracePolynomial(expression.table, terms) for power, terms in parts.items() if terms}


def insert(value: Coefficient, values: Mapping[str, Coefficient]) -> Coefficient:
    """Put the values of the growing dimensions into a coefficient."""
    if not isinstance(value, RationalFunction) or all(map(_is_kept, values.items())):
        return value
    everything = {name: values.get(name, RationalFunction.variable(name)) for name in value.names()}
    inserted: Coefficient = value.evaluate(everything)
    return inserted


def _is_kept(item: tuple[str, Coefficient]) -> bool:
    return item[1] == RationalFunction.variable(item[0])


def _by_degree(polynomial: PolyElement, names: Container[str]) -> dict[int, Coefficient]:
    """Split a polynomial into parts homogeneous in the named scalars."""
    ring = polynomial.ring
    large = [i for i, symbol in enumerate(ring.symbols) if symbol.name in names]
    parts: defaultdict[int, dict[tuple[int, ...], object]] = defaultdict(dict)
    for powers, coefficient in polynomial.terms():
        parts[sum(powers[i] for i in large)][powers] = coefficient
    return {degree: lowest_terms(ring.from_dict(terms), ring.one) for degree, terms in parts.items()}


def _top(value: Coefficient, names: Container[str]) -> int:
    if not isinstance(value, RationalFunction):
        return 0
    return max(_by_degree(value.numerator, names)) - max(_by_degree(value.denominator, names))


def expand_coefficient(value: Coefficient, names: Container[str], lowest: int) -> dict[int, Coefficient]:
    """Expand a rational function in the large scalars, by long division of its homogeneous parts.

    Parameters
    ----------
    value : int or Fraction or RationalFunction
        The function.
    names : container of str
        Names of the large scalars.
    lowest : int
        The last order to give.

    Returns
    -------
    dict
        The homogeneous part of each order.
    """
    if not isinstance(value, RationalFunction):
        return {0: value} if lowest <= 0 else {}
    top, bottom = _by_degree(value.numerator, names), _by_degree(value.denominator, names)
    A, B = max(top), max(bottom)
    scale = reciprocal(bottom[B])
    parts: list[Coefficient] = []
    for j in range(A - B - lowest + 1):
        part = top.get(A - j, 0)
        for i in range(1, j + 1):
            part = part - bottom.get(B - i, 0) * parts[j - i]
        parts.append(part * scale)
    return {A - B - j: part for j, part in enumerate(parts) if part != 0}


def _weight(monomial: Monomial, table: SymbolTable, names: Container[str]) -> int:
    return sum(_is_large(word, table, names) for word in monomial)


def _is_large(word: Word, table: SymbolTable, names: Container[str]) -> bool:
    return all(table.rows[letter] in names for letter in word)
