"""Expectation of products of traces of powers of one Wishart matrix: a recursion on partitions.

When every letter between the Wishart factors is the same symmetric matrix, a word is only a length, and the recursion
of `derivations.expectation.insertion` becomes one on integers: with power sums ``p_i = tr(S^i)``,

    S^j  ->  (n + j) S^(j+1)  +  sum_{i=1..j} p_i S^(j+1-i)         (multiplication by W),
    p_i  ->  2 i S^(j+1+i) in front of S^j                          (a power sum is cut).
"""

from collections import defaultdict
from collections.abc import Sequence

from derivations.expectation.counting import Budget, packing_width

Partition = tuple[int, ...]


def power_moment(powers: Sequence[int], limit: int) -> dict[Partition, int]:
    """Compute ``E prod tr(W^k)`` for one Wishart matrix ``W`` with covariance ``S``.

    A partition ``(i, j, ...)`` stands for ``tr(S^i) tr(S^j) ...``; polynomials in the degrees of freedom are packed
    (see `derivations.expectation.counting.unpack`).

    Examples
    --------
    ``E tr(W^2) = (n^2 + n) tr(S^2) + n tr(S)^2``, packed in pieces of three bits:

    >>> {partition: bin(count) for partition, count in power_moment([2], limit=10).items()}
    {(2,): '0b1001000', (1, 1): '0b1000'}
    """
    factors = 2 * sum(powers)
    width, budget = packing_width(factors), Budget(limit, factors)
    moment: dict[Partition, int] = {(): 1}
    for power in powers:
        states = {(partition, 0): count for partition, count in moment.items()}
        for _ in range(power):
            states = _multiply(states, width)
            budget.check(len(states))
        closed: defaultdict[Partition, int] = defaultdict(int)
        for (partition, exponent), count in states.items():
            closed[tuple(sorted((*partition, exponent)))] += count
        moment = closed
    return moment


def _multiply(states: dict[tuple[Partition, int], int], width: int) -> dict[tuple[Partition, int], int]:
    """Multiply every ``p S^j`` by ``W`` and take the expectation over that ``W``."""
    product: defaultdict[tuple[Partition, int], int] = defaultdict(int)
    for (partition, j), count in states.items():
        product[partition, j + 1] += (count << width) + j * count
        for i in range(1, j + 1):
            product[tuple(sorted((*partition, i))), j + 1 - i] += count
        for place, i in enumerate(partition):
            product[partition[:place] + partition[place + 1 :], j + 1 + i] += 2 * i * count
    return product
