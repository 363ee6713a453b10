"""The two ways to average that obligations use, against the definition and against each other."""

from math import prod

import pytest
import sympy

from derivations.algebra import Matrix, Scalar, tr
from derivations.judging.gaussian import normal_mean, normal_moment
from derivations.judging.instances import integer_matrix
from derivations.judging.pairings import GaussianAverage, pairings

k, d = Scalar("k"), Scalar("d")
W, A = Matrix("W", k, d), Matrix("A", d)
S = Matrix("S", d, symmetric=True)


def entries(rows, cols):
    return sympy.Matrix(rows, cols, lambda i, j: sympy.Symbol(f"w_{i}_{j}"))


def test_moments_are_integrals_of_the_density():
    x = sympy.Symbol("x", real=True)
    density = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    for power in range(9):
        assert sympy.integrate(x**power * density, (x, -sympy.oo, sympy.oo)) == normal_moment(power)


@pytest.mark.parametrize("count", [0, 2, 4, 6, 8])
def test_pairings_are_as_many_as_a_moment(count):
    assert len(list(pairings(tuple(range(count))))) == prod(range(1, count, 2)) == normal_moment(count)
    assert len(set(pairings(tuple(range(count))))) == normal_moment(count)


@pytest.mark.parametrize("covariance", [None, "S"])
def test_traces_by_pairings_are_averages_over_entries(covariance):
    M = W.T * W
    expression = tr(M * A * M * S) * (k + 2) + tr(M * A) * tr(A.T * M) + tr(A) * tr(W * S * W.T) + k * d
    width, size = 2, 2
    values = {"A": integer_matrix(size, size, 1), "S": integer_matrix(size, size, 2, symmetric=True), "k": 2, "d": 2}
    root = sympy.eye(width)
    if covariance:
        root = integer_matrix(width, width, 3)
        values["S"] = root * root.T
    moved = root * entries(width, size)
    m, a, s = moved.T * moved, values["A"], values["S"]
    plain = 4 * (m * a * m * s).trace() + (m * a).trace() * (a.T * m).trace()
    plain += a.trace() * (moved * s * moved.T).trace() + 4
    found = GaussianAverage(values, {"W": covariance})(expression)
    assert found == normal_mean(sympy.expand(plain), list(entries(width, size)))


def test_matrices_by_pairings_are_averages_over_entries():
    values = {"A": integer_matrix(2, 2, 1), "k": 3, "d": 2}
    w = entries(3, 2)
    expression = W.T * W * A * W.T * W + A * tr(W * A * W.T) - A
    m, a = w.T * w, values["A"]
    plain = m * a * m + a * (w * a * w.T).trace() - a
    expected = plain.applyfunc(lambda entry: normal_mean(sympy.expand(entry), list(w)))
    assert GaussianAverage(values, {"W": None}).matrix(expression) == expected


def test_a_size_without_a_value_stays_a_symbol():
    values = {"A": integer_matrix(4, 4, 1), "d": 4}
    width = sympy.Symbol("k")
    trace, square = values["A"].trace(), (values["A"] ** 2).trace()
    crossed = (values["A"] * values["A"].T).trace()
    found = GaussianAverage(values, {"W": None})(tr(W * A * W.T) ** 2)
    assert found == sympy.expand(width**2 * trace**2 + width * square + width * crossed)
