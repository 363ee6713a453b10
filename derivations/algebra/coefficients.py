"""Scalar coefficients: exact rationals, and rational functions of named scalars (dimensions, time).

Numbers stay plain ``int`` or ``Fraction`` because almost all coefficients are numbers; a `RationalFunction` appears
only where a name does, and turns back into a number when the names cancel.
"""

import numbers
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from sympy.polys.domains import QQ
from sympy.polys.rings import PolyElement, PolyRing

from derivations.errors import DerivationError, MissingValueError

Rational = int | Fraction


@lru_cache(maxsize=256)
def _ring(names: tuple[str, ...]) -> PolyRing:
    return PolyRing([sympy.Symbol(name) for name in names], QQ)


def _names(element: PolyElement) -> tuple[str, ...]:
    return tuple(symbol.name for symbol in element.ring.symbols)


def _number(value: Any) -> Rational:
    """Turn an element of QQ into a plain number."""
    fraction = Fraction(int(value.numerator), int(value.denominator))
    return fraction.numerator if fraction.denominator == 1 else fraction


def exact_number(value: object) -> Rational | None:
    """Read an exact number, or return None where the value is something else."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, numbers.Rational):
        fraction = Fraction(int(value.numerator), int(value.denominator))
    elif isinstance(value, sympy.Rational):
        fraction = Fraction(int(value.p), int(value.q))
    elif isinstance(value, complex):
        raise DerivationError(f"complex numbers are not supported: matrices and coefficients are real, got {value!r}")
    elif isinstance(value, float | sympy.Float):
        raise DerivationError(f"a coefficient must be exact, got {value!r}: use Fraction")
    else:
        return None
    return fraction.numerator if fraction.denominator == 1 else fraction


class RationalFunction:
    """A ratio of two polynomials in named scalars, in lowest terms.

    Parameters
    ----------
    numerator, denominator : PolyElement
        Coprime polynomials over the rationals in one ring; the denominator has leading coefficient 1. Build values
        with `RationalFunction.variable` and arithmetic instead of this constructor.
    """

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: PolyElement, denominator: PolyElement) -> None:
        self.numerator = numerator
        self.denominator = denominator

    @staticmethod
    def variable(name: str) -> "RationalFunction":
        """Return the function that is the named scalar itself."""
        ring = _ring((name,))
        return RationalFunction(ring.gens[0], ring.one)

    def _with(self, other: "Coefficient") -> tuple[PolyElement, PolyElement, PolyElement, PolyElement] | None:
        """Bring both operands into one ring."""
        a, b = self.numerator, self.denominator
        if isinstance(other, RationalFunction):
            c, d = other.numerator, other.denominator
            if c.ring is not a.ring:
                ring = _ring(tuple(sorted({*_names(a), *_names(c)})))
                a, b, c, d = (element.set_ring(ring) for element in (a, b, c, d))
            return a, b, c, d
        number = exact_number(other)
        if number is None:
            return None
        return a, b, a.ring.ground_new(QQ(number.numerator, number.denominator)), a.ring.one

    def __add__(self, other: "Coefficient") -> "Coefficient":
        parts = self._with(other)
        if parts is None:
            return NotImplemented
        a, b, c, d = parts
        return lowest_terms(a + c, b) if b == d else lowest_terms(a * d + c * b, b * d)

    def __mul__(self, other: "Coefficient") -> "Coefficient":
        parts = self._with(other)
        if parts is None:
            return NotImplemented
        a, b, c, d = parts
        return lowest_terms(a * c, b * d)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "RationalFunction":
        return RationalFunction(-self.numerator, self.denominator)

    def __sub__(self, other: "Coefficient") -> "Coefficient":
        return self + (-other)

    def __rsub__(self, other: "Coefficient") -> "Coefficient":
        return -self + other

    def __pow__(self, exponent: int) -> "Coefficient":
        a, b = self.numerator, self.denominator
        return lowest_terms(a**exponent, b**exponent) if exponent >= 0 else lowest_terms(b**-exponent, a**-exponent)

    def __truediv__(self, other: "Coefficient") -> "Coefficient":
        return self * reciprocal(other)

    def __rtruediv__(self, other: "Coefficient") -> "Coefficient":
        return other * reciprocal(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalFunction):
            return False  # a constant is never stored as a RationalFunction
        parts = self._with(other)
        return parts is not None and parts[0] == parts[2] and parts[1] == parts[3]

    def __hash__(self) -> int:
        return hash(tuple(frozenset(named_terms(element)) for element in (self.numerator, self.denominator)))

    def names(self) -> frozenset[str]:
        """Return the names of the scalars the value depends on."""
        pairs = (*named_terms(self.numerator), *named_terms(self.denominator))
        return frozenset(name for powers, _ in pairs for name, _ in powers)

    def as_sympy(self) -> sympy.Expr:
        """Return the value as a SymPy expression in plain symbols."""
        return self.numerator.as_expr() / self.denominator.as_expr()

    def evaluate(self, values: Mapping[str, Any], number: Callable[[Rational], Any] = Fraction) -> Any:
        """Insert values for the scalars; `number` makes the caller's numbers of exact constants (Fraction or float)."""
        top, bottom = (self._evaluate(element, values, number) for element in (self.numerator, self.denominator))
        if self.denominator == 1:
            return top
        if isinstance(bottom, Rational | RationalFunction):
            return top * reciprocal(bottom)
        return top / bottom

    @staticmethod
    def _evaluate(element: PolyElement, values: Mapping[str, Any], number: Callable[[Rational], Any]) -> Any:
        total: Any = number(0)
        for powers, coefficient in named_terms(element):
            term: Any = number(coefficient)
            for name, exponent in powers:
                if name not in values:
                    raise MissingValueError(f"the scalar {name} needs a value, got none")
                term = term * values[name] ** exponent
            total = total + term
        return total


Coefficient = int | Fraction | RationalFunction


def named_terms(element: PolyElement) -> list[tuple[tuple[tuple[str, int], ...], Rational]]:
    """List the terms of a polynomial: ``(((name, exponent), ...), coefficient)``, zero exponents left out."""
    names = _names(element)
    return [
        (tuple((name, power) for name, power in zip(names, powers, strict=True) if power), _number(coefficient))
        for powers, coefficient in element.terms()
    ]


def lowest_terms(numerator: PolyElement, denominator: PolyElement) -> Coefficient:
    """Divide two polynomials: cancel common factors, make the form unique, and return a number where it is one."""
    if not numerator:
        return 0
    if denominator != 1:
        numerator, denominator = numerator.cancel(denominator)
        leading = denominator.LC
        if leading != 1:
            numerator, denominator = numerator.quo_ground(leading), denominator.quo_ground(leading)
    if denominator == 1 and numerator.is_ground:
        return _number(numerator.LC)
    return RationalFunction(numerator, denominator)


def reciprocal(value: Coefficient) -> Coefficient:
    """Return one over a coefficient."""
    if isinstance(value, RationalFunction):
        return value**-1
    if value == 0:
        raise DerivationError("a divisor must not be zero, got 0")
    fraction = 1 / Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def polynomial(terms: Iterable[tuple[Mapping[str, int], Rational]]) -> Coefficient:
    """Sum named powers with rational factors."""
    total: Coefficient = 0
    for powers, factor in terms:
        term: Coefficient = factor
        for name, exponent in powers.items():
            term = term * RationalFunction.variable(name) ** exponent
        total = total + term
    return total
