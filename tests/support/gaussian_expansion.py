"""Expectations the slow way: every entry a polynomial in independent N(0, 1) variables, expanded and averaged.

Nothing here knows about words, pairings or the code under test. ``E z^m`` is ``(m - 1)!!`` for even
``m`` and 0 for odd.
"""

from fractions import Fraction
from math import prod

import numpy as np
from sympy.polys.domains import QQ
from sympy.polys.rings import ring


def independent_normals(*shapes):
    """Matrices whose entries are different variables of one polynomial ring."""
    sizes = [rows * cols for rows, cols in shapes]
    variables = ring([f"z{i}" for i in range(sum(sizes))], QQ)[1:]
    ends = np.cumsum(sizes)
    return [
        np.array(variables[end - size : end], dtype=object).reshape(shape)
        for shape, size, end in zip(shapes, sizes, ends, strict=True)
    ]


def mean(polynomial):
    """The expectation of a polynomial in independent N(0, 1) variables."""
    if not hasattr(polynomial, "terms"):
        return Fraction(polynomial)
    total = Fraction(0)
    for powers, coefficient in polynomial.terms():
        if all(power % 2 == 0 for power in powers):
            moment = prod(prod(range(1, power, 2)) for power in powers)
            total += Fraction(int(coefficient.numerator), int(coefficient.denominator)) * moment
    return total


def product(factors):
    """The matrix product of a list of arrays."""
    result = factors[0]
    for factor in factors[1:]:
        result = result @ factor
    return result


def exact_value(expression, matrices, scalars=None):
    """Insert integer matrices (by name) and numbers for scalars into a trace polynomial, straight from its terms."""
    total = Fraction(0)
    traces = {}
    for monomial, coefficient in expression.terms.items():
        value = coefficient.evaluate(scalars or {}) if hasattr(coefficient, "evaluate") else coefficient
        for word in monomial:
            if word not in traces:
                spelled = expression.table.spell(word)
                arrays = [matrices[symbol.name].T if flipped else matrices[symbol.name] for symbol, flipped in spelled]
                traces[word] = product(arrays).trace()
            value = value * traces[word]
        total += value
    return total
