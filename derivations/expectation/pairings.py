"""Pairings of places, how two of them interlace, and the Weingarten function of the orthogonal group.

An orthogonal matrix that is uniformly distributed (Haar) has ``E[O_(a1 b1) ... O_(a2q b2q)] = sum_(p, r) Wg(p, r)``
over pairings ``p`` that join equal row indices and ``r`` that join equal column indices. `weingarten` solves for ``Wg``
from what orthogonality demands: contracting the columns along any pairing must give back the pairing of the rows.
"""

from collections.abc import Iterator
from functools import cache
from math import prod

import sympy

Pairing = tuple[tuple[int, int], ...]
Type = tuple[int, ...]
"""How two pairings interlace: half the lengths of the cycles that they form together, longest first."""

SIZE = sympy.Symbol("N")


def pairings(places: tuple[int, ...]) -> Iterator[Pairing]:
    """List the ways to pair an even number of places.

    Examples
    --------
    >>> [len(list(pairings(tuple(range(2 * q))))) for q in (1, 2, 3)]
    [1, 3, 15]
    """
    if not places:
        yield ()
        return
    first, rest = places[0], places[1:]
    for i, partner in enumerate(rest):
        for others in pairings(rest[:i] + rest[i + 1 :]):
            yield ((first, partner), *others)


def interlacing(first: Pairing, second: Pairing) -> Type:
    """Tell how two pairings interlace.

    Examples
    --------
    >>> interlacing(((0, 1), (2, 3)), ((0, 2), (1, 3)))
    (2,)
    """
    partner = [{a: b for pair in pairing for a, b in (pair, pair[::-1])} for pairing in (first, second)]
    left, cycles = set(partner[0]), []
    while left:
        place, length = min(left), 0
        while place in left:
            left -= {place, partner[0][place]}
            place, length = partner[1][partner[0][place]], length + 1
        cycles.append(length)
    return tuple(sorted(cycles, reverse=True))


@cache
def weingarten(pairs: int) -> dict[Type, sympy.Expr]:
    """Solve for the Weingarten function of the orthogonal group in the dimension `SIZE`.

    Examples
    --------
    >>> weingarten(2)[(2,)].factor()
    -1/(N*(N - 1)*(N + 2))
    """
    every = list(pairings(tuple(range(2 * pairs))))
    one = every[0]
    representatives = {interlacing(one, each): each for each in every}
    types = sorted(representatives)
    unknown = dict(zip(types, sympy.symbols(f"w:{len(types)}"), strict=True))
    equations = []
    for type_, other in representatives.items():
        rows: dict[Type, sympy.Expr] = {}
        for middle in every:
            here = interlacing(middle, other)
            rows[here] = rows.get(here, 0) + SIZE ** len(interlacing(one, middle))
        total = sum(value * unknown[each] for each, value in rows.items())
        equations.append(total - (1 if prod(type_) == 1 else 0))
    (solution,) = sympy.linsolve(equations, list(unknown.values()))
    return dict(zip(types, map(sympy.cancel, solution), strict=True))
