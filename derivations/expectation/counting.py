"""How many terms an expectation needs, known before it is computed; and counts packed into one integer.

The expectation of a product of ``m`` equal Gaussian matrices is a sum over the ``(m - 1)!!`` ways to pair them
(Wick, or Isserlis, theorem). Permuting equal letters and flipping symmetric ones maps pairings that give the same
monomial onto each other, and no others do. So the number of monomials is at least the number of pairings over the
order of that group.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import factorial

from derivations.errors import TermLimitError

DEFAULT_LIMIT = 1_000_000


def pairing_count(factors: int) -> int:
    """Return the number of ways to pair an even number of things, ``(factors - 1)!!``.

    Examples
    --------
    >>> pairing_count(12)
    10395
    """
    if factors % 2:
        return 0
    half = factors // 2
    return factorial(factors) // (factorial(half) << half)


def require_terms_within(limit: int, factors: int, letters: Iterable[tuple[int, bool]]) -> None:
    """Refuse an expectation whose number of monomials is known to exceed the limit.

    `letters` tells of each matrix between the paired factors how often it occurs, and whether it is symmetric.
    """
    symmetries = 1
    for occurrences, symmetric in letters:
        symmetries *= factorial(occurrences) << (occurrences if symmetric else 0)
    pairings = pairing_count(factors)
    terms = -(-pairings // symmetries)
    if terms > limit:
        raise TermLimitError(
            f"the expectation must have at most {limit} terms (max_terms), got {pairings} pairings "
            f"that give at least {terms} different terms"
        )


@dataclass(frozen=True)
class Budget:
    """The largest number of terms that a computation may hold.

    Parameters
    ----------
    limit : int
        That number.
    factors : int
        How many Gaussian factors are paired in all.
    """

    limit: int
    factors: int

    def check(self, terms: int) -> None:
        """Stop a computation that has outgrown the limit."""
        if terms > self.limit:
            raise TermLimitError(
                f"the expectation must have at most {self.limit} terms (max_terms), got more different terms on the "
                f"way, from {pairing_count(self.factors)} pairings in all"
            )


def packing_width(factors: int) -> int:
    """Return how many bits hold any count of pairings.

    Polynomials in the degrees of freedom whose coefficients count pairings are kept as one integer, their value at
    ``2**width``: sums and products with the variable are then single operations on integers.
    """
    return pairing_count(factors).bit_length() + 1


def unpack(packed: int, width: int) -> list[int]:
    """Return the coefficients of a packed polynomial, constant first.

    Examples
    --------
    >>> unpack(3 + (5 << 16), 8)
    [3, 0, 5]
    """
    mask, coefficients = (1 << width) - 1, []
    while packed:
        coefficients.append(packed & mask)
        packed >>= width
    return coefficients
