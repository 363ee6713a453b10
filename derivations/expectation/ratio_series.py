"""Expansions whose terms are trace polynomials over products of three leading terms."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import sympy

from derivations.algebra import TracePolynomial
from derivations.algebra.trace_polynomial import constant

Exponents = tuple[int, int, int]
Fractions = dict[Exponents, TracePolynomial]


@dataclass(frozen=True)
class RatioSeries:
    """A quantity ``L0^p L1^q L2^r (s_0 + s_1 + ...)``, each ``s_j`` smaller by one order in the large dimension.

    Parameters
    ----------
    leading : tuple of TracePolynomial
        ``L0, L1, L2``: leading terms of the means of ``N``, ``D1``, ``D2``.
    exponents : tuple of Fraction
        ``p, q, r``.
    orders : tuple of dict
        For each order, ``{(a, b, c): numerator}``, standing for the sum of ``numerator / (L0^a L1^b L2^c)``.
    """

    leading: tuple[TracePolynomial, TracePolynomial, TracePolynomial]
    exponents: tuple[Fraction, Fraction, Fraction]
    orders: tuple[Fractions, ...]

    def evaluate(self, values: Mapping[Any, Any]) -> float:
        """Insert values.

        Parameters
        ----------
        values : mapping
            A matrix for each symbol and a number for each scalar.

        Returns
        -------
        float
            The sum of all orders.

        Raises
        ------
        MissingValueError
            If a value is missing.
        """
        L = [_value(each, values) for each in self.leading]
        front = prod(value ** float(exponent) for value, exponent in zip(L, self.exponents, strict=True))
        series = sum(
            _value(numerator, values) / prod(value**power for value, power in zip(L, powers, strict=True))
            for fractions in self.orders
            for powers, numerator in fractions.items()
        )
        return float(front * series)

    def as_sympy(self) -> sympy.Expr:
        """Return the sum of all orders as a SymPy expression.

        Returns
        -------
        sympy.Expr
            Each trace is a symbol; dimensions and the leading terms under a root are taken to be positive.
        """
        L = [each.as_sympy() for each in self.leading]
        powers = [sympy.Rational(each.numerator, each.denominator) for each in self.exponents]
        front = sympy.Mul(*(value**power for value, power in zip(L, powers, strict=True)))
        terms = (
            sympy.expand(numerator.as_sympy() / prod(value**power for value, power in zip(L, below, strict=True)))
            for fractions in self.orders
            for below, numerator in fractions.items()
        )
        return sympy.powdenest(front, force=True) * sympy.Add(*terms)

    def latex(self) -> str:
        """Return the sum of all orders in LaTeX."""
        parts = [*self.leading, *(part for fractions in self.orders for part in fractions.values())]
        traces = {
            TracePolynomial(part.table, {(word,): 1}) for part in parts for monomial in part.terms for word in monomial
        }
        names = {trace.as_sympy(): trace.latex() for trace in traces}
        return str(sympy.latex(self.as_sympy(), symbol_names=names))


def add_fractions(*summands: Fractions) -> Fractions:
    """Add sums of fractions with the same leading terms below."""
    total: defaultdict[Exponents, TracePolynomial] = defaultdict(lambda: constant(0))
    for fractions in summands:
        for exponents, numerator in fractions.items():
            total[exponents] = total[exponents] + numerator
    return {exponents: numerator for exponents, numerator in total.items() if numerator}


def multiply_fractions(left: Fractions, right: Fractions, sign: int = 1) -> Fractions:
    """Multiply sums of fractions with the same leading terms below."""
    return add_fractions(
        *({(a[0] + b[0], a[1] + b[1], a[2] + b[2]): x * y * sign} for a, x in left.items() for b, y in right.items())
    )


def _value(expression: TracePolynomial, values: Mapping[Any, Any]) -> float:
    """Evaluate with those values that the expression asks for."""
    names = {symbol.name for symbol in expression.symbols()} | expression.scalar_names()
    return float(expression.evaluate({key: value for key, value in values.items() if _name(key) in names}))


def _name(key: Any) -> str:
    if isinstance(key, str):
        return key
    return str(key.symbol.name if hasattr(key, "symbol") else key.name)
