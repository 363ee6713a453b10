"""A copy of a random matrix keeps its law: its expectation is the same."""

import copy

import pytest

from derivations.algebra import Matrix, Scalar, tr
from derivations.expectation import GaussianMatrix, Signs, Wishart, expect

n = Scalar("n")
S = Matrix("S", "d", symmetric=True)
M = Matrix("M", "k", "d")

LAWS = {
    "Wishart": Wishart("W", dof=n, covariance=S / n),
    "GaussianMatrix": GaussianMatrix("G", "k", "d", column_covariance=S, mean=M),
    "Signs": Signs("D", "k"),
    "vector of signs": Signs("a", "k", vector=True),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_a_copy_keeps_its_law(law):
    other = copy.deepcopy(law)
    assert other is not law
    assert type(other) is type(law)

    def second_moment(X):
        return expect(tr(X.T * X), over=[X])

    assert second_moment(other) == second_moment(law)
