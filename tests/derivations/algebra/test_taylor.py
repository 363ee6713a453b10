"""Taylor series against the integrated flow: the error must fall at the order of the first term left out."""

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from derivations.algebra import Matrix, flow, series, time_derivative, tr, zeros
from derivations.errors import DerivationError, ShapeError, SymbolError, TermLimitError

A, W, dW = Matrix("A", 2, 3), Matrix("W", 3, 4), Matrix("dW", 3, 4)
S, T = Matrix("S", 4, symmetric=True), Matrix("T", 2, 4)
LOSS = tr(A * W * S * W.T * A.T) / 2 - tr(A * W * T.T)
A_DOT, W_DOT = flow(LOSS, (A, W))
FLOW = {A: A_DOT, W: W_DOT, dW: W_DOT}
STARTS = {dW: zeros(3, 4)}
FUNCTIONS = {
    "loss": (LOSS, 4),
    "overlap of the centered features": (tr(dW.T * dW * dW.T * A.T * A * dW), 5),
    "square of a trace": (tr(A * W * T.T) ** 2, 3),
}


def weights_at(times):
    """Integrate the flow with plain NumPy; return the inputs and the weights at the given times."""
    rng = np.random.default_rng(3)
    a, w, t, z = (rng.normal(size=shape) / 2 for shape in ((2, 3), (3, 4), (2, 4), (5, 4)))
    s = z.T @ z / 5

    def velocity(_, y):
        a, w = y[:6].reshape(2, 3), y[6:].reshape(3, 4)
        residual = t - a @ w @ s
        return np.concatenate([(residual @ w.T).ravel(), (a.T @ residual).ravel()])

    start = np.concatenate([a.ravel(), w.ravel()])
    path = solve_ivp(velocity, (0, max(times)), start, "DOP853", t_eval=times, rtol=1e-13, atol=1e-15).y.T
    moved = [{A: y[:6].reshape(2, 3), W: y[6:].reshape(3, 4), dW: y[6:].reshape(3, 4) - w} for y in path]
    fixed = {S: s, T: t}
    return {**fixed, A: a, W: w, dW: 0 * w}, [{**fixed, **weights} for weights in moved]


def fitted_order(function, coefficients):
    """Slope of log error against log time."""
    times = np.array([0.02, 0.028, 0.04, 0.056])
    start, path = weights_at(times)
    numbers = [float(each.evaluate(start)) for each in coefficients]
    errors = [
        abs(float(function.evaluate(values)) - np.polyval(numbers[::-1], time))
        for time, values in zip(times, path, strict=True)
    ]
    return np.polyfit(np.log(times), np.log(errors), 1)[0]


def is_right(function, coefficients):
    """The check: the first term left out rules the error. Wrong series are 0.3 or more away from its order."""
    return abs(fitted_order(function, coefficients) - len(coefficients)) < 0.15


@pytest.mark.parametrize(("function", "order"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_error_falls_at_the_order_of_the_first_term_left_out(function, order):
    *head, last = series(function, FLOW, order, initial=STARTS)
    assert is_right(function, [*head, last])
    # The same check refuses a coefficient that is 2% off, and a series with a term dropped.
    assert not is_right(function, [*head, last * Fraction(51, 50)])
    assert not is_right(function, [*head, last - largest_term(last)])


def largest_term(polynomial):
    start, _ = weights_at([0.1])
    terms = [type(polynomial)(polynomial.table, {key: value}) for key, value in polynomial.terms.items()]
    return max(terms, key=lambda term: abs(float(term.evaluate(start))))


@pytest.mark.parametrize("function", [LOSS, A * W, tr(A * W * T.T) * W], ids=["scalar", "matrix", "mixed"])
def test_coefficients_are_repeated_time_derivatives(function):
    derivative, flow_of_weights = function, {A: A_DOT, W: W_DOT}
    for n, coefficient in enumerate(series(function, flow_of_weights, 3)):
        assert coefficient == derivative / factorial(n)
        derivative = time_derivative(derivative, flow_of_weights)


def test_a_residual_as_a_symbol_of_its_own_gives_the_same_series():
    # The short form of the flow: the residual C moves along with the weights.
    C = Matrix("C", 2, 4)
    short = {A: C * W.T, W: A.T * C}
    short[C] = time_derivative(T - A * W * S, short)
    expanded = [each.subs({C: T - A * W * S}) for each in series(tr(W * W.T), short, 3)]
    assert expanded == list(series(tr(W * W.T), {A: A_DOT, W: W_DOT}, 3))


def test_a_flow_with_traces_in_its_velocity():
    V = Matrix("V", 3, 3)
    exact = series(V, {V: tr(V) * V}, 3)
    # tr V solves u' = u^2, so V(t) = V / (1 - t tr V).
    assert list(exact) == [V, tr(V) * V, tr(V) ** 2 * V, tr(V) ** 3 * V]


def test_initial_values_replace_the_symbol():
    V, V0 = Matrix("V", 3, 3), Matrix("V0", 3, 3)
    assert list(series(V * V, {V: V}, 2, initial={V: V0})) == [V0 * V0, 2 * V0 * V0, 2 * V0 * V0]


@pytest.mark.parametrize("order", [-1, 1.5])
def test_a_bad_order_is_refused(order):
    with pytest.raises(DerivationError, match=f"order must be a non-negative integer, got {order}"):
        series(LOSS, FLOW, order)


def test_bad_requests_are_refused():
    with pytest.raises(
        TermLimitError, match=r"order 6 of a product of 6 factors needs up to \d+ terms, more than term_limit=2000"
    ):
        series(FUNCTIONS["overlap of the centered features"][0], FLOW, 8, initial=STARTS, term_limit=2_000)
    with pytest.raises(SymbolError, match="an initial value needs a symbol that moves, got S"):
        series(LOSS, FLOW, 1, initial={S: S})
    with pytest.raises(ShapeError, match=r"W \(3 x 4\) must move in its own shape, got A \(2 x 3\)"):
        series(LOSS, {W: A}, 1)
    P = Matrix("P", 3, invertible=True)
    with pytest.raises(SymbolError, match="a series needs a polynomial of P, got P⁻¹"):
        series(tr(P.inverse), {P: P}, 1)
