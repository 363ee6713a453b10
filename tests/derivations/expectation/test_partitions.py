"""The recursion on partitions against the recursion on words, and against sums that are known."""

from math import prod

import pytest

from derivations.expectation.counting import packing_width, pairing_count, unpack
from derivations.expectation.cyclic import Alphabet
from derivations.expectation.insertion import wishart_moment
from derivations.expectation.partitions import power_moment

LIMIT = 10**6


@pytest.mark.parametrize("powers", [[10], [4, 3, 2], [1] * 6, [5, 5]])
def test_partitions_are_words_in_one_letter(powers):
    by_words = wishart_moment([bytes(power) for power in powers], Alphabet([0]), LIMIT)
    lengths = {tuple(sorted(map(len, words))): count for words, count in by_words.items()}
    assert power_moment(powers, LIMIT) == lengths


@pytest.mark.parametrize("powers", [[12], [5, 4, 2]])
def test_all_pairings_are_counted_once(powers):
    """With ``n = 1`` and all traces 1, every pairing contributes 1."""
    factors = 2 * sum(powers)
    width = packing_width(factors)
    assert sum(sum(unpack(count, width)) for count in power_moment(powers, LIMIT).values()) == pairing_count(factors)


@pytest.mark.parametrize("dof", [1, 2, 7])
def test_a_trace_is_a_chi_square_variable(dof):
    """With ``S`` the number 1, ``tr(W)`` is chi-square: its moments are rising products ``n (n + 2) (n + 4) ...``."""
    for power in range(1, 8):
        width = packing_width(2 * power)
        counts = power_moment([1] * power, LIMIT).values()
        moment = sum(c * dof**i for count in counts for i, c in enumerate(unpack(count, width)))
        assert moment == prod(dof + 2 * i for i in range(power))
