"""Coefficients when dimensions grow in proportion: their order, and their expansion by long division."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import EllipsisType

from sympy.polys.rings import PolyElement

from derivations.algebra import Scalar, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction, lowest_terms, reciprocal
from derivations.algebra.trace_polynomial import as_scalar, constant
from derivations.expectation.errors import ExpectationError

Dimensions = Iterable[Scalar | str] | Mapping[Scalar | str, TracePolynomial | EllipsisType]


@dataclass(frozen=True)
class Growth:
    """The dimensions that grow, all in proportion to one large number.

    Parameters
    ----------
    names : frozenset of str
        Their names.
    replaced : dict
        What to write for those that are given by others.
    """

    names: frozenset[str]
    replaced: dict[str, Coefficient]

    @staticmethod
    def read(dimensions: Dimensions) -> "Growth":
        """Read which dimensions grow; a mapping says what to write for each, and ``...`` keeps it."""
        pairs = dimensions.items() if isinstance(dimensions, Mapping) else ((each, ...) for each in dimensions)
        values = dict(_named(dimension, value) for dimension, value in pairs)
        if not values:
            raise ExpectationError("an expansion needs at least one large dimension, got none")
        replaced = {name: value for name, value in values.items() if value != RationalFunction.variable(name)}
        growth = Growth(frozenset(values), replaced)
        for name, value in replaced.items():
            if growth.degree(value) != 1:
                raise ExpectationError(
                    f"the value of the dimension {name} must grow in proportion to {_listed(values)}, "
                    f"got {constant(value)}"
                )
        return growth

    def insert(self, value: Coefficient) -> Coefficient:
        """Put in what is written for the dimensions."""
        if not self.replaced or not isinstance(value, RationalFunction):
            return value
        everything = {name: self.replaced.get(name, RationalFunction.variable(name)) for name in value.names()}
        inserted: Coefficient = value.evaluate(everything)
        return inserted

    def degree(self, value: Coefficient) -> int:
        """Return the order at which a coefficient grows."""
        if not isinstance(value, RationalFunction):
            return 0
        return max(self._degrees(value.numerator)) - max(self._degrees(value.denominator))

    def expand(self, value: Coefficient, lowest: int) -> dict[int, Coefficient]:
        """Expand a coefficient in the large dimensions down to an order, by long division of its homogeneous parts."""
        highest = self.degree(value)
        if highest < lowest or not isinstance(value, RationalFunction):
            return {0: value} if highest >= lowest else {}
        top, bottom = self._by_degree(value.numerator), self._by_degree(value.denominator)
        A, B = max(top), max(bottom)
        scale = reciprocal(bottom[B])
        parts: list[Coefficient] = []
        for j in range(highest - lowest + 1):
            part = top.get(A - j, 0)
            for i in range(1, j + 1):
                part = part - bottom.get(B - i, 0) * parts[j - i]
            parts.append(part * scale)
        return {highest - j: part for j, part in enumerate(parts) if part != 0}

    def _degrees(self, polynomial: PolyElement) -> list[int]:
        large = [i for i, symbol in enumerate(polynomial.ring.symbols) if symbol.name in self.names]
        return [sum(powers[i] for i in large) for powers in polynomial.monoms()]

    def _by_degree(self, polynomial: PolyElement) -> dict[int, Coefficient]:
        """Split a polynomial into homogeneous parts."""
        ring = polynomial.ring
        parts: defaultdict[int, dict[tuple[int, ...], object]] = defaultdict(dict)
        for degree, (powers, coefficient) in zip(self._degrees(polynomial), polynomial.terms(), strict=True):
            parts[degree][powers] = coefficient
        return {degree: lowest_terms(ring.from_dict(terms), ring.one) for degree, terms in parts.items()}


def _named(dimension: Scalar | str, value: TracePolynomial | EllipsisType) -> tuple[str, Coefficient]:
    if not isinstance(dimension, Scalar | str):
        raise ExpectationError(f"a large dimension must be a Scalar, got {dimension}")
    name = dimension if isinstance(dimension, str) else dimension.name
    if isinstance(value, EllipsisType):
        return name, RationalFunction.variable(name)
    scalar = as_scalar(value)
    if scalar is None:
        raise ExpectationError(f"the value of the dimension {name} must be a scalar, got {value}")
    return name, scalar.as_coefficient()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
