"""Expectation over independent uniform signs.

A diagonal matrix ``D`` of signs squares to the identity. Once the Gaussian matrices around it are integrated out, it is
left in ``tr(D)``, the sum of ``k`` signs, whose moments are polynomials in ``k``. A word such as ``tr(D X D Y)`` is a
sum over diagonal entries of ``X`` and ``Y`` in the mean, which is no trace polynomial, and is refused.
"""

from math import comb

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.reduction import Monomial, dimension_coefficient
from derivations.algebra.words import Word
from derivations.expectation.averages import Average, Terms
from derivations.expectation.errors import ExpectationError
from derivations.expectation.laws import GaussianMatrix, Signs


def sum_of_signs_moment(order: int, size: Coefficient) -> Coefficient:
    """Compute ``E (s_1 + ... + s_k)^order`` for independent uniform signs.

    Examples
    --------
    >>> sum_of_signs_moment(4, 10)
    280
    """
    cumulants: list[int] = [0]
    moments: list[Coefficient] = [1]
    for m in range(1, order + 1):
        lower = sum(comb(m - 1, j - 1) * cumulants[j] for j in range(1, m) if (m - j) % 2 == 0)
        cumulants.append((1 - m % 2) - lower)
        total: Coefficient = 0
        for j in range(1, m + 1):
            total = total + moments[m - j] * (comb(m - 1, j - 1) * cumulants[j])
        moments.append(total * size)
    return moments[order]


def average_signs(monomial: Monomial, law: Signs, average: Average) -> Terms:
    """Take the expectation of a product of traces over uniform signs."""
    if sum(letter in average.marks for word in monomial for letter in word) % 2:
        return {}
    size = dimension_coefficient(law.symbol.rows)
    factor: Coefficient = 1
    alone, left = 0, []
    for word in monomial:
        reduced = word if law.vector else _cancel_pairs(word, average.letter)
        if reduced == (average.letter,):
            alone += 1
        elif not reduced or (len(reduced) == 2 and average.marks.issuperset(reduced)):
            factor = factor * size
        else:
            left.append(reduced)
    factor = factor * sum_of_signs_moment(alone, size)
    terms = _remaining(tuple(left), law, average, alone)
    return {traces: value * factor for traces, value in terms.items()}


def _remaining(monomial: Monomial, law: Signs, average: Average, alone: int) -> Terms:
    signs = sum(letter in average.marks for word in monomial for letter in word)
    if signs and (alone or signs > 2 or not law.vector):
        raise ExpectationError(
            f"the expectation over the signs {law.symbol.name} must be a trace polynomial, got one that sums over "
            "diagonal entries: integrate out the Gaussian matrices beside them as well"
        )
    cycles, rest = average.split(monomial)
    if not cycles:
        return {rest: 1}
    # Two signs have the second moments of two Gaussian variables.
    return average.pairings(cycles, rest, GaussianMatrix(law.symbol.name, law.symbol.rows, 1))


def _cancel_pairs(word: Word, letter: int) -> Word:
    """Remove neighbors ``D D`` from a cyclic word."""
    done: list[int] = []
    for each in word:
        if done and each == letter == done[-1]:
            done.pop()
        else:
            done.append(each)
    while len(done) > 1 and done[0] == letter == done[-1]:
        done = done[1:-1]
    return tuple(done)
