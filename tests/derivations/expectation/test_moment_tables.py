"""Moments of degree 4 of one Wishart matrix, which Letac and Massam (2004) tabulate, from all 105 pairings."""

import pytest
from wick_pairings import wick

from derivations.algebra import Matrix, Scalar, identity, tr
from derivations.expectation import Wishart, expect

N = Scalar("n")
S = Matrix("S", "d", symmetric=True)
W = Wishart("W", dof=N, covariance=S)


def by_pairings(powers):
    """``W = G G^T`` with a d x n Gaussian matrix ``G`` of row covariance ``S``."""
    factor = [(False, identity("n")), (True, identity("d"))]
    return wick([factor * power for power in powers], S, identity("n"))


@pytest.mark.parametrize("powers", [(1,), (2,), (1, 1), (3,), (2, 1), (4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)])
def test_power_moments_equal_the_sum_over_all_pairings(powers):
    product = 1
    for power in powers:
        product = tr(W**power) * product
    assert expect(product, [W]) == by_pairings(powers)


def test_a_wrong_moment_is_refused():
    product = tr(W) * tr(W**3)
    assert expect(product, [W]) != by_pairings((2, 2))
    assert expect(product, [W]) * 51 / 50 != by_pairings((3, 1))


def test_matrix_moment_of_degree_4_closes_to_its_trace():
    """``E W^4`` as a matrix, against pairings with a free matrix after it."""
    Z = Matrix("Z", "d")
    factor = [(False, identity("n")), (True, identity("d"))]
    closed = wick([[*factor * 3, factor[0], (True, Z)]], S, identity("n"))
    assert tr(expect(W**4, [W]) * Z) == closed
