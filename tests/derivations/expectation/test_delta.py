"""Mean and variance of a ratio: against exact moments of a chi-square variable, and against sampled matrices."""

import math

import mpmath
import numpy as np
import pytest
import sympy

from derivations.algebra import Matrix, Scalar, TracePolynomial, identity, tr
from derivations.expectation import ExpectationError, RatioSeries, Wishart, delta_method

K = Scalar("k")
CHI = Wishart("w", dof=K, covariance=identity(1))


def series_coefficients(series):
    """The coefficient of each order, for leading terms without matrices."""
    L = series.leading
    return [
        sum((part / (L[0] ** a * L[1] ** b * L[2] ** c) for (a, b, c), part in fractions.items()), start=0 * K)
        for fractions in series.orders
    ]


def test_one_over_a_chi_square_variable():
    """``w / sqrt(w^2 w^2) = 1/w`` has mean ``1/(k-2)`` and variance ``2/((k-2)^2 (k-4))``: geometric series."""
    w = tr(CHI)
    ratio = delta_method(w, w**2, w**2, over=[CHI], dimensions=[K], order=3)
    assert series_coefficients(ratio.mean) == [2**j / K**j for j in range(4)]
    mean_square = [(j + 1) * 2**j for j in range(4)]
    other = [4**j for j in range(4)]
    variance = [2 * sum(mean_square[i] * other[j - 1 - i] for i in range(j)) / K**j for j in range(4)]
    assert series_coefficients(ratio.variance) == variance
    assert variance[2] == 16 / K**2


@pytest.mark.parametrize("order", [1, 2])
def test_the_error_of_an_irrational_ratio_falls_at_the_next_order(order):
    """``w / sqrt(w w^2) = w^(-1/2)``, whose moments are ratios of gamma functions."""
    w = tr(CHI)
    ratio = delta_method(w, w, w**2, over=[CHI], dimensions=[K], order=order)
    relative = []
    for k in (100, 1000):
        mean = mpmath.gamma((k - 1) / mpmath.mpf(2)) / mpmath.gamma(k / mpmath.mpf(2)) / mpmath.sqrt(2)
        variance = mpmath.mpf(1) / (k - 2) - mean**2
        relative.append(
            (
                abs(ratio.mean.evaluate({K: k}) - mean) * math.sqrt(k),
                abs(ratio.variance.evaluate({K: k}) - variance) * k,
            )
        )
    for first, second in zip(*relative, strict=True):
        assert math.isclose(math.log10(first / second), order + 1, abs_tol=0.1)


A, B = Matrix("A", "d", symmetric=True), Matrix("B", "d", symmetric=True)
M = Wishart("M", dof=K, covariance=identity("d"))
QUADRATIC_NETWORK = (tr(M * A**2 * M * B * M * A**2), tr(M * A**2 * M * A**2), tr(M * B * M * A**2 * M * B * M * A**2))


def sampled_ratios(a, b, k, samples, rng):
    """Wishart matrices by their triangular factor: chi variables on the diagonal, normal ones below (Bartlett)."""
    d = len(a)
    L = np.tril(rng.standard_normal((samples, d, d)), -1)
    for i in range(d):
        L[:, i, i] = np.sqrt(rng.chisquare(k - i, size=samples))
    m = L @ L.transpose(0, 2, 1)
    first, second = m @ (a @ a), m @ b
    product = second @ first
    N = np.einsum("sij,sji->s", first, product)
    D1 = np.einsum("sij,sji->s", first, first)
    D2 = np.einsum("sij,sji->s", product, product)
    return N / np.sqrt(D1 * D2)


def test_the_alignment_of_a_quadratic_network_against_samples():
    """A z-test of the mean at 4 standard errors (false alarms: 6e-5); at 8 or more, a fifth of the 1/k term is seen.

    The variance is known to 0.2 % from the sample; 1.2 % leaves room for its next order, and 2 % are seen.
    """
    rng = np.random.default_rng(5)
    a, b = np.diag([1.0, 0.8, -0.5]) + 0.1, np.diag([1.0, 1.5, 0.4])
    k, samples = 4000, 500_000
    values = sampled_ratios(a, b, k, samples, rng)
    known = {A: a, B: b, K: k, "d": 3}
    ratio = delta_method(*QUADRATIC_NETWORK, over=[M], dimensions=[K])
    mean, variance = ratio.mean.evaluate(known), ratio.variance.evaluate(known)
    limit = RatioSeries(ratio.mean.leading, ratio.mean.exponents, ratio.mean.orders[:1]).evaluate(known)

    def z(claimed):
        return abs(values.mean() - claimed) / (values.std() / math.sqrt(samples))

    assert z(mean) < 4
    assert z(limit) > 30
    assert min(z(limit + 0.8 * (mean - limit)), z(limit + 1.2 * (mean - limit))) > 4
    assert math.isclose(values.var(), variance, rel_tol=0.012)
    assert not math.isclose(values.var(), variance * 1.02, rel_tol=0.012)


def test_the_closed_form_is_what_is_evaluated():
    ratio = delta_method(*QUADRATIC_NETWORK, over=[M], dimensions=[K])
    values = {A: [[1, 0], [0, 2]], B: [[3, 1], [1, 1]], K: 50, "d": 2}
    for series in (ratio.mean, ratio.variance):
        closed = series.as_sympy()
        traces = {trace.as_sympy(): trace.evaluate(values_of(trace, values)) for trace in traces_of(series)}
        assert closed.free_symbols == {*traces, sympy.Symbol("k")}
        number = closed.subs(traces).subs(sympy.Symbol("k"), 50)
        assert math.isclose(float(number), series.evaluate(values), rel_tol=1e-12)
        assert r"\operatorname{tr}\left(A^{4} B\right)" in series.latex()


def traces_of(series):
    parts = [*series.leading, *(part for fractions in series.orders for part in fractions.values())]
    return {TracePolynomial(part.table, {(word,): 1}) for part in parts for words in part.terms for word in words}


def values_of(trace, values):
    return {key: values[key] for key in (A, B) if key.symbol in trace.symbols()}


def test_fluctuations_that_do_not_fall_are_refused():
    W = Wishart("W", dof=3, covariance=identity(2))
    w = tr(W) * K
    with pytest.raises(ExpectationError, match="fluctuations must fall with the large dimensions, got a joint moment"):
        delta_method(w, w, w**2, over=[W], dimensions=[K])
