"""Expansions in large dimensions: exact division of homogeneous parts, and known limits."""

from fractions import Fraction
from math import comb

import pytest

from derivations.algebra import Matrix, Scalar, identity, tr
from derivations.algebra.coefficients import RationalFunction
from derivations.expectation import ExpectationError, Wishart, expect, large_dimension
from derivations.expectation.growth import Growth

N, D, GAMMA = Scalar("n"), Scalar("d"), Scalar("gamma")
S = Matrix("S", "d", symmetric=True)


def coefficient(scalar):
    return scalar.as_coefficient()


def test_the_terms_of_a_rational_function_sum_to_it_with_an_error_of_the_next_order():
    value = coefficient((N**2 + 3 * D * GAMMA + 1) / (N * (N + D - 2) * (GAMMA + 1)))
    for lowest in (-1, -3, -5):
        parts = Growth.read([N, D]).expand(value, lowest)
        errors = []
        for scale in (10**3, 10**4):
            point = {"n": Fraction(3 * scale), "d": Fraction(2 * scale), "gamma": Fraction(1, 2)}
            total = sum(part.evaluate(point) if isinstance(part, RationalFunction) else part for part in parts.values())
            errors.append(abs(total - value.evaluate(point)))
        assert 0.9 < float(errors[0] / errors[1]) / 10 ** (1 - lowest) < 1.1


@pytest.mark.parametrize("power", [1, 2, 3, 4, 5])
def test_the_free_term_of_a_white_wishart_power_is_marchenko_pastur(power):
    """Moments of the Marchenko-Pastur law are Narayana polynomials in the ratio."""
    W = Wishart("W", dof=N, covariance=identity("d") / N)
    moment = expect(tr(W**power), [W]) / D
    limit = large_dimension(moment, {N: D / GAMMA, D: ...}).leading
    narayana = sum(Fraction(comb(power, i) * comb(power, i + 1), power) * GAMMA**i for i in range(power))
    assert limit == narayana
    assert limit != narayana + Fraction(1, 50) * GAMMA ** (power - 1)


def test_an_expansion_of_a_polynomial_is_complete():
    W = Wishart("W", dof=N, covariance=S)
    moment = expect(tr(W**4), [W])
    expansion = large_dimension(moment, [N], order=3)
    assert expansion.power == 4
    assert expansion.leading == N**4 * tr(S**4)
    assert expansion.truncated == moment
    assert large_dimension(moment, [N], order=2).truncated != moment


def test_traces_over_a_large_dimension_count():
    W = Wishart("W", dof=N, covariance=S)
    moment = expect(tr(W**3), [W])
    assert large_dimension(moment, [N, D]).leading == (N**3 * tr(S**3) + 3 * N**2 * tr(S) * tr(S**2) + N * tr(S) ** 3)
    assert large_dimension(moment, [N, D], order=4).truncated == moment


@pytest.mark.parametrize(
    ("dimensions", "order", "message"),
    [
        ([N], -1, "the order must be a non-negative integer, got -1"),
        ([], 0, "an expansion needs at least one large dimension, got none"),
        ([3], 0, "a large dimension must be a Scalar, got 3"),
        ({N: "x"}, 0, "the value of the dimension n must be a scalar, got x"),
        ({N: 2, D: ...}, 0, "the value of the dimension n must grow in proportion to d, n, got 2"),
        ({N: D**2, D: ...}, 0, r"the value of the dimension n must grow in proportion to d, n, got d²"),
    ],
)
def test_bad_requests(dimensions, order, message):
    with pytest.raises(ExpectationError, match=message):
        large_dimension(N * tr(S), dimensions, order)
