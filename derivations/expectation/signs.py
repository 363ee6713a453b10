"""Expectation over independent uniform signs.

A diagonal matrix ``D`` of signs squares to the identity. Once the Gaussian matrices around it are integrated out, it is
left in ``tr(D)``, the sum of ``k`` signs, whose moments are polynomials in ``k``. A word such as ``tr(D X D Y)`` is a
sum over diagonal entries of ``X`` and ``Y`` in the mean: such signs stand apart, and are averaged by
`derivations.expectation.graph_average`.
"""

from collections.abc import Collection
from math import comb

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.reduction import Monomial, dimension_coefficient
from derivations.algebra.symbols import SymbolTable
from derivations.algebra.words import Word
from derivations.expectation.averages import Average, Terms
from derivations.expectation.laws import GaussianMatrix, Signs


def sum_of_signs_moment(order: int, size: Coefficient) -> Coefficient:
    """Compute ``E (s_1 + ... + s_k)^order`` for independent uniform signs: cumulants add up.

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


def signs_stand_apart(monomial: Monomial, law: Signs, table: SymbolTable) -> bool:
    """Tell whether signs are left between deterministic matrices, so that their average sums over diagonal entries."""
    marks = {table.letter(law.symbol), table.letter(law.symbol, transposed=True)}
    alone, _, left = _sorted_words(monomial, law, marks)
    signs = sum(letter in marks for word in left for letter in word)
    return signs % 2 == alone % 2 and signs > 0 and bool(alone or signs > 2 or not law.vector)


def average_signs(monomial: Monomial, law: Signs, average: Average) -> Terms:
    """Take the expectation of a product of traces over uniform signs that do not stand apart."""
    if sum(letter in average.marks for word in monomial for letter in word) % 2:
        return {}
    size = dimension_coefficient(law.symbol.rows)
    alone, squares, left = _sorted_words(monomial, law, average.marks)
    factor = sum_of_signs_moment(alone, size)
    for _ in range(squares):
        factor = factor * size
    cycles, rest = average.split(tuple(left))
    # Two signs have the second moments of two Gaussian variables.
    gaussian = GaussianMatrix(law.symbol.name, law.symbol.rows, 1)
    terms = average.pairings(cycles, rest, gaussian) if cycles else {rest: 1}
    return {traces: value * factor for traces, value in terms.items()}


def _sorted_words(monomial: Monomial, law: Signs, marks: Collection[int]) -> tuple[int, int, list[Word]]:
    """Count the traces of single signs and those that are the dimension, and return the other words."""
    alone, squares, left = 0, 0, []
    for word in monomial:
        reduced = word if law.vector else _cancel_pairs(word, min(marks))
        if len(reduced) == 1 and reduced[0] in marks and not law.vector:
            alone += 1
        elif not reduced or (len(reduced) == 2 and set(reduced) <= set(marks)):
            squares += 1
        else:
            left.append(reduced)
    return alone, squares, left


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
