"""Convert scalar results to SymPy."""

from collections.abc import Mapping
from typing import Any

import sympy

from derivations.algebra.coefficients import RationalFunction
from derivations.algebra.printing import UNICODE, print_monomial
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.errors import SymbolError


def as_sympy(expression: TracePolynomial, replacements: Mapping[TracePolynomial, Any]) -> sympy.Expr:
    """Convert a trace polynomial to SymPy.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> A, n = Matrix("A", "d", "d"), Scalar("n")
    >>> (tr(A) ** 2 / n).as_sympy({tr(A): sympy.Symbol("m")})
    m**2/n
    """
    given = {}
    for trace, value in replacements.items():
        if len(trace.terms) != 1 or list(trace.terms.values()) != [1] or len(next(iter(trace.terms))) != 1:
            raise SymbolError(f"only a single trace can be replaced, got {trace}")
        given[str(trace)] = value
    total = sympy.Integer(0)
    for monomial, value in expression.terms.items():
        if isinstance(value, RationalFunction):
            term = value.as_sympy()
        else:
            term = sympy.Rational(value.numerator, value.denominator)
        for word in monomial:
            name = print_monomial((word,), expression.table, UNICODE)
            term = term * given.get(name, sympy.Symbol(name))
        total = total + term
    return total
