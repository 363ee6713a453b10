"""Printing, JSON and SymPy forms, and substitution."""

import json
import pickle
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from derivations.algebra import Matrix, Scalar, diagonal, from_json, identity, ones, tr, zeros
from derivations.errors import FormatError, ShapeError, SymbolError

A, B, S = Matrix("A", "d", "k"), Matrix("B", "d", "d"), Matrix("S", "d", symmetric=True)
n, d = Scalar("n"), Scalar("d")
u = Matrix("u", "d", 1)
P = Matrix("P", "d", positive_definite=True)


@given(data=st.data())
def test_json_round_trip(zoo, data):
    square, _ = data.draw(zoo.squares())
    other, _ = data.draw(zoo.pairs(*square.shape))
    expression = (n - 1) / (n * n + 2) * tr(square) * other.hadamard(square) - Fraction(2, 7) * other
    assert from_json(expression.to_json()) == expression
    assert from_json(tr(expression).to_json()) == tr(expression)


def test_matrices_become_matrix_expressions_of_sympy_with_the_same_values():
    values = {"A": [[1, 2], [3, -4], [0, 5]], "B": [[2, 0, 1], [1, -3, 4], [0, 6, 1]], "u": [[1], [2], [-1]]}
    values |= {"P": [[2, 1, 0], [1, 3, 1], [0, 1, 4]], "S": [[0, 1, 2], [1, -5, 1], [2, 1, 3]]}
    expression = (n - 1) / n * tr(A * A.T) * P.inverse * B + diagonal(u) * S.hadamard(B.T) + ones("d", "d") / 3
    found = expression.as_sympy().subs({sympy.Symbol("d", integer=True, positive=True): 3}).doit()
    symbols = {sympy.MatrixSymbol(name, 3, len(rows[0])): sympy.Matrix(rows) for name, rows in values.items()}
    k = sympy.Symbol("k", integer=True, positive=True)
    inserted = sympy.Matrix(found.subs(k, 2).subs({**symbols, sympy.Symbol("n"): 7}).doit().as_explicit())
    exact = expression.evaluate({**{name: tuple(map(tuple, rows)) for name, rows in values.items()}, "n": 7})
    assert inserted == sympy.Matrix([[sympy.Rational(x.numerator, x.denominator) for x in row] for row in exact])
    assert zeros("d", 3).as_sympy().shape == (sympy.Symbol("d", integer=True, positive=True), 3)


def test_json_is_stable():
    first, second = tr(B * S) + 2 * tr(B), tr(B.T) + tr(S * B) + tr(B)
    assert first.to_json() == second.to_json()
    assert from_json(zeros("d", 3).to_json()) == zeros("d", 3)
    assert from_json(Matrix("dW", 2, latex=r"\Delta W").to_json()).latex() == r"\Delta W"


def spoiled(**changes):
    return json.dumps({**json.loads((tr(B) / 3).to_json()), **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "an expression must be valid JSON"),
        ("[]", "document must be a dict, got list"),
        (spoiled(version=2), "format must be 'nfa-theory/expression' version 1, got .* version 2"),
        (spoiled(kind="tensor"), "kind must be 'trace' or 'matrix', got 'tensor'"),
        (spoiled(kind="matrix"), "the field shape is missing"),
        (spoiled(terms=[{"coefficient": "1/0", "traces": []}]), "a denominator other than 0, got '1/0'"),
        (spoiled(terms=[{"coefficient": "__import__('os')", "traces": []}]), "a number must be written as p or p/q"),
        (spoiled(terms=[{"coefficient": "1", "traces": [[7]]}]), "a letter must be at least 0 and less than 2, got 7"),
        (spoiled(terms=[{"traces": []}]), "the field coefficient is missing"),
        (spoiled(symbols=[{"name": "A"}]), "the field kind is missing"),
    ],
)
def test_json_that_is_not_an_expression_is_refused(text, message):
    with pytest.raises(FormatError, match=message):
        from_json(text)


def test_json_with_clashing_shapes_is_refused():
    document = json.loads(tr(A * A.T).to_json())
    document["terms"][0]["traces"] = [[0, 0]]
    with pytest.raises(FormatError, match=r"must be consistent, got: cannot multiply A \(d x k\) by A \(d x k\)"):
        from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        (tr(S * A * A.T), "tr(A Aᵀ S)", r"\operatorname{tr}\left(A A^\top S\right)"),
        (-(tr(B) ** 2) / 2, "-1/2 tr(B)²", r"-\frac{1}{2} \operatorname{tr}^{2}\left(B\right)"),
        ((S * B) ** 3 - S**2, "-S² + (S B)³", r"-S^{2} + \left(S B\right)^{3}"),
        (n * (n + 1) * tr(B), "n (n + 1) tr(B)", r"n \left(n + 1\right) \operatorname{tr}\left(B\right)"),
        ((n + 1) * B, "(n + 1) B", r"\left(n + 1\right) B"),
        (B / n**2, "1/n² B", r"\frac{1}{n^{2}} B"),
        (2 * identity("d") - B.T, "2 I - Bᵀ", r"2 I - B^\top"),
        (u.T * S * u, "uᵀ S u", r"u^\top S u"),
        (tr(u.T * u) ** 2 * B, "(uᵀ u)² B", r"\left(u^\top u\right)^{2} B"),
        (P.inverse * B, "P⁻¹ B", "P^{-1} B"),
        (Matrix("dW", 2, 3), "dW", r"\dot W"),
        (Matrix("Sigma", 2).T, "Sigmaᵀ", r"\Sigma^\top"),
        (Matrix("K", 2, latex=r"\kappa").hadamard(B.subs({d: 2})), "(B ∘ K)", r"\left(B \circ \kappa\right)"),
        (diagonal(u) * ones("d"), "diag(u) 1[d]", r"\operatorname{diag}\left(u\right) \mathbf{1}_{d}"),
        (tr(B) - 1, "-1 + tr(B)", r"-1 + \operatorname{tr}\left(B\right)"),
        (u.T * u - identity(1), "-1 + uᵀ u", r"-1 + u^\top u"),
        (zeros(2, 2), "0", "0"),
        (n - n, "0", "0"),
    ],
)
def test_printing(expression, text, latex):
    assert str(expression) == text
    assert expression.latex() == latex


def test_sympy_form():
    n_, m = sympy.symbols("n m")
    expression = (n + 1) * tr(B) ** 2 - tr(S) / 3
    trace_of_s = sympy.Symbol("tr(S)")
    assert sympy.expand(expression.as_sympy({tr(B): m}) - ((n_ + 1) * m**2 - trace_of_s / 3)) == 0
    with pytest.raises(SymbolError, match=r"only a single trace can be replaced, got 2 tr\(B\)"):
        expression.as_sympy({2 * tr(B): m})


@given(data=st.data())
def test_substitution_evaluates_to_the_value_of_the_replacement(zoo, data):
    square, _ = data.draw(zoo.squares())
    other, _ = data.draw(zoo.pairs(*square.shape))
    product = tr(square) * square * other.hadamard(square).T
    B_, u_, C = Matrix("B", "n", "n"), Matrix("u", "n", 1), Matrix("C", "n", "n")
    rule = {B_: C * C.T + 2 * C, u_: C * ones("n")}
    values = {**zoo.values, C: [[1, 0, 2], [-1, 1, 0], [0, 3, -1]]}
    replaced = {symbol: value.evaluate(values) for symbol, value in rule.items()}
    assert product.subs(rule).evaluate(values) == product.evaluate({**values, **replaced})


def test_substitution_of_scalars_and_dimensions():
    expression = n * tr(B) + tr(identity("d")) * tr(A * A.T)
    assert expression.subs({n: d + 1}) == (d + 1) * tr(B) + d * tr(A * A.T)
    assert expression.subs({n: 2, d: 3}) == 2 * tr(Matrix("B", 3, 3)) + 3 * tr(Matrix("A", 3, "k") * A.subs({d: 3}).T)
    assert (1 / (n - 1)).subs({n: 3}) == Fraction(1, 2)
    assert (1 / (n - 1)).subs({n: d / 2}) == 2 / (d - 2)
    assert (n * tr(B)).subs({n: tr(S)}) == tr(S) * tr(B)
    assert A.subs({d: Scalar("m")}).shape == ("m", "k")


def test_substitution_is_simultaneous():
    C = Matrix("C", "d", "d")
    assert (B * C).subs({B: C, C: B}) == C * B
    Q = Matrix("Q", "d", positive_definite=True)
    assert (P * P.inverse * P.inverse).subs({P: Q}) == Q.inverse


def test_bad_substitutions_are_refused():
    with pytest.raises(ShapeError, match=r"B \(d x d\) cannot be replaced by A \(d x k\)"):
        (B * A).subs({B: A})
    with pytest.raises(SymbolError, match="the inverse of P exists only if it is replaced by a symbol, got B B"):
        tr(P.inverse).subs({P: B * B.T})
    with pytest.raises(SymbolError, match="only a Matrix or a Scalar can be replaced, got B"):
        tr(B).subs({B * B: B})
    with pytest.raises(ShapeError, match="the dimension d must become a positive integer or a Scalar, got 1/2"):
        tr(B).subs({d: Fraction(1, 2)})


def test_expressions_travel_between_processes():
    expression = (n - 1) * tr(P.inverse * B) * S.hadamard(B)
    script = "import pickle, sys; e, B = pickle.load(sys.stdin.buffer); print((e + e).subs({B: B.T}).to_json())"
    command = [sys.executable, "-c", script]
    sent = subprocess.run(command, input=pickle.dumps((expression, B)), capture_output=True, check=True)
    assert from_json(sent.stdout.decode()) == 2 * expression.subs({B: B.T})
    assert pickle.loads(pickle.dumps(n)).name == "n"  # noqa: S301
