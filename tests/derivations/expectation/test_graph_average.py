"""Averages by index graphs: elementwise products entry by entry, Haar and inverse Wishart matrices by other routes."""

from itertools import product as choices

import numpy as np
import pytest
from gaussian_expansion import independent_normals, mean
from scipy.special import roots_genlaguerre

from derivations.algebra import Matrix, Scalar, diagonal, identity, ones, tr
from derivations.expectation import GaussianMatrix, Haar, InverseWishart, Wishart, expect

d = Scalar("d")
A, B, C = (Matrix(name, "d") for name in "ABC")
GRID = {
    "A": [[2, -1, 3], [0, 5, 1], [4, -2, 7]],
    "B": [[1, 6, -3], [2, 0, 4], [-5, 1, 3]],
    "S": [[4, 1, 2], [1, 5, 1], [2, 1, 6]],
    "x": [[2], [-3], [1]],
}
ARRAYS = {name: np.array(rows, dtype=object) for name, rows in GRID.items()}
x, S = Matrix("x", 3, 1), Matrix("S", 3, symmetric=True)
A3, B3 = Matrix("A", 3), Matrix("B", 3)
ROOT = np.array([[2, 0, 0], [1, 2, 0], [1, 0, 2]], dtype=object)  # of a covariance (3 x 3)
COVARIANCE = {"S": (ROOT @ ROOT.T).tolist()}


def layer_features(G):
    """Two layers with a quadratic activation: squares, slopes, an elementwise product of matrices, a mean."""
    h = G * x
    return {
        "squares": tr(A3 * h.hadamard(h) * h.hadamard(h).T * B3),
        "slopes": tr(diagonal(h) * A3 * diagonal(h) * B3),
        "entries": tr(G.hadamard(G) * A3 * B3),
        "matrix with its transpose": tr(G.hadamard(A3) * G.T.hadamard(B3)),
        "outside too": tr(G.hadamard(A3) * B3 * G.T * S) * tr(A3 * B3),
    }


def by_hand(g):
    h = g @ ARRAYS["x"]
    a, b, s = ARRAYS["A"], ARRAYS["B"], np.array(COVARIANCE["S"], dtype=object)
    slopes = np.diag(h[:, 0])
    return {
        "squares": (a @ (h * h) @ (h * h).T @ b).trace(),
        "slopes": (slopes @ a @ slopes @ b).trace(),
        "entries": ((g * g) @ a @ b).trace(),
        "matrix with its transpose": ((g * a) @ (g.T * b)).trace(),
        "outside too": ((g * a) @ b @ g.T @ s).trace() * (a @ b).trace(),
    }


@pytest.mark.parametrize("shifted", [False, True])
def test_elementwise_products_of_gaussian_matrices_entry_by_entry(shifted):
    (z,) = independent_normals((3, 3))
    shift = ARRAYS["B"] if shifted else 0 * ARRAYS["B"]
    g = z @ ROOT.T + shift  # rows have the covariance S
    G = GaussianMatrix("G", 3, column_covariance=S, mean=B3 if shifted else None)
    expected = by_hand(g)
    for name, expression in layer_features(G).items():
        found = expect(expression, [G]).evaluate({**GRID, **COVARIANCE})
        assert found == mean(expected[name]), name
        assert found != 0


def test_matrices_stay_open():
    G = GaussianMatrix("G", "k", d)
    y = Matrix("y", d, 1)
    assert expect((G * y).hadamard(G * y), [G]) == tr(y * y.T) * ones("k")
    assert expect(diagonal(G * y) * diagonal(G * y), [G]) == tr(y * y.T) * identity("k")
    W = Wishart("W", dof=Scalar("n"), covariance=identity(d))
    n = Scalar("n")
    assert expect(W.hadamard(W), [W]) == n * (n + 1) * identity(d) + n * ones(d) * ones(d).T


VALUES = {name: GRID[name] for name in "AB"} | {"C": [[1, 0, 2], [3, -1, 1], [0, 2, 5]]}


def words_in(M):
    return {
        "two factors": tr(M * A * M.T * B),
        "two traces": tr(M * A) * tr(M * B),
        "four factors": tr(M * A * M.T * B * M * C * M.T * A),
        "mixed": tr(M * A * M * B) * tr(M * C * M.T * A),
        "elementwise": tr(M.hadamard(M) * A),
    }


def test_a_gaussian_matrix_turned_by_a_haar_matrix_is_the_same_gaussian_matrix():
    """Average over the rotation first and then over the matrix, or over the matrix alone: the same rational numbers."""
    G, Q = GaussianMatrix("G", "d"), Haar("Q", "d")
    same = GaussianMatrix("Q", "d", row_covariance=identity(d) / d)  # the same second moments, other fourth moments
    for (name, turned), plain in zip(words_in(Q * G).items(), words_in(G).values(), strict=True):
        found, expected, wrong = (
            each.evaluate({**VALUES, "d": 3})
            for each in (expect(expect(turned, [Q]), [G]), expect(plain, [G]), expect(expect(turned, [same]), [G]))
        )
        assert found == expected, name
        assert (wrong == expected) == (name in ("two factors", "two traces", "elementwise")), name


def every_turn(count):
    """Rotations of the plane and reflections at equally spaced angles: exact for degrees below the number of angles."""
    angles = 2 * np.pi * np.arange(count) / count
    c, s = np.cos(angles), np.sin(angles)
    turns = np.array([[c, -s], [s, c]]).transpose(2, 0, 1)
    return np.concatenate([turns, turns @ np.diag([1.0, -1.0])])


def test_haar_matrices_of_the_plane():
    values = {
        "A": np.array([[2.0, -1], [3, 5]]),
        "B": np.array([[1.0, 4], [-2, 3]]),
        "C": np.array([[0.0, 2], [1, -3]]),
    }
    turns, (a, b, c) = every_turn(9), values.values()
    back = turns.transpose(0, 2, 1)
    expected = np.trace(turns @ a @ back @ b @ turns @ c @ back @ a, axis1=1, axis2=2).mean()
    Q = Haar("Q", "d")
    found = expect(words_in(Q)["four factors"], [Q]).evaluate({**values, "d": 2})
    assert found == pytest.approx(expected, rel=1e-10)
    assert 1.001 * found != pytest.approx(expected, rel=1e-10)


def inverse_wishart_nodes(dof, least):
    """Every node of a quadrature over Bartlett's factor L of a 3 x 3 Wishart matrix, and the weights.

    Chi-squared variables carry the factor ``u^least`` in their weight, so that inverse powers up to it are polynomials.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    rules = [(nodes, weights / weights.sum())] * 3
    for i in range(3):
        alpha = (dof - i) / 2 - 1
        u, w = roots_genlaguerre(8, alpha - least)
        w = w * u**least
        rules.append((2 * u, w / w.sum()))
    points = np.array(list(choices(*(rule[0] for rule in rules))))
    weight = np.array([np.prod(each) for each in choices(*(rule[1] for rule in rules))])
    L = np.zeros((len(points), 3, 3))
    L[:, [1, 2, 2], [0, 0, 1]] = points[:, :3]
    for i in range(3):
        L[:, i, i] = np.sqrt(points[:, 3 + i])
    return L, weight


def test_inverse_wishart_moments_against_a_quadrature():
    """Two factors of size three, so that no identity of small matrices hides a term."""
    dof = 13
    L, weight = inverse_wishart_nodes(dof, least=4)
    T = np.array([[2.0, 0, 0], [1, 1, 0], [0.5, -1, 1.5]])
    V = np.linalg.inv(T @ L @ L.transpose(0, 2, 1) @ T.T)
    values = {"P": T @ T.T, "A": np.array(GRID["A"], float), "B": np.array(GRID["B"], float)}
    a, b = values["A"], values["B"]

    def trace(M):
        return np.trace(M, axis1=1, axis2=2)

    W = InverseWishart("V", dof=Scalar("n"), covariance=Matrix("P", "d", positive_definite=True))
    cases = {
        "one": (tr(W * A), trace(V @ a)),
        "two": (tr(W * A * W * B), trace(V @ a @ V @ b)),
        "two traces": (tr(W * A) * tr(W * B), trace(V @ a) * trace(V @ b)),
        "entries": (tr(W.hadamard(W) * A), trace((V * V) @ a)),
    }
    for name, (expression, measured) in cases.items():
        found = expect(expression, [W]).evaluate({**values, "n": dof})
        assert found == pytest.approx(weight @ measured, rel=1e-9), name
        assert 1.001 * found != pytest.approx(weight @ measured, rel=1e-9), name
