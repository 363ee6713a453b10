"""Letters with rules of their own: inverses, diagonal matrices, vectors, ones, and matrices of size 1."""

import numpy as np
from gaussian_expansion import exact_value, independent_normals, mean

from derivations.algebra import Matrix, Scalar, identity, ones, tr
from derivations.expectation import GaussianMatrix, Wishart, expect

N, D = Scalar("n"), Scalar("d")


def test_an_inverse_covariance_cancels():
    """``P^-1/2 W P^-1/2`` is a white Wishart matrix, so the two answers must agree."""
    P = Matrix("P", D, positive_definite=True)
    W, white = Wishart("W", dof=N, covariance=P), Wishart("V", dof=N, covariance=identity(D))
    for power in (1, 2, 3):
        assert expect(tr((W * P.inverse) ** power), [W]) == expect(tr(white**power), [white])
    assert expect(W * P.inverse * W, [W]) == N * (N + D + 1) * P


def test_quadratic_forms_of_vectors():
    x, y = Matrix("x", 2, 1), Matrix("y", 2, 1)
    values = {"x": np.array([[2], [3]], dtype=object), "y": np.array([[1], [-4]], dtype=object)}
    W = Wishart("W", dof=N, covariance=identity(2))
    (z,) = independent_normals((2, 3))
    w, u, v = z @ z.T, values["x"], values["y"]
    result = expect(tr(x.T * W * x) * tr(x.T * W * y) ** 2, [W])
    by_hand = mean((u.T @ w @ u)[0, 0] * (u.T @ w @ v)[0, 0] ** 2)
    assert exact_value(result, values, {"n": 3}) == by_hand


def test_gaussian_vectors_and_numbers():
    A = Matrix("A", 3)
    A_value = np.array([[1, 2, 0], [0, -1, 1], [3, 0, 1]], dtype=object)
    g, z = GaussianMatrix("g", 3, 1), GaussianMatrix("z", 1)
    (entries,) = independent_normals((3, 1))
    result = expect(tr(g.T * A * g) ** 3, [g])
    assert exact_value(result, {"A": A_value}) == mean((entries.T @ A_value @ entries)[0, 0] ** 3)
    assert [expect(tr(z) ** power, [z]) for power in range(7)] == [1, 0, 1, 0, 3, 0, 15]


def test_diagonal_matrices_commute_after_the_expectation():
    first, second = Matrix("D1", 3, diagonal=True), Matrix("D2", 3, diagonal=True)
    values = {"D1": np.diag(np.array([1, 2, 5], dtype=object)), "D2": np.diag(np.array([3, -1, 2], dtype=object))}
    G = GaussianMatrix("G", 3, 2)
    (z,) = independent_normals((3, 2))
    result = expect(tr(G.T * first * G * G.T * second * G), [G])
    assert exact_value(result, values) == mean((z.T @ values["D1"] @ z @ z.T @ values["D2"] @ z).trace())
    assert len(result.terms) == 2


def test_vectors_of_ones():
    G = GaussianMatrix("G", 3, 2)
    (z,) = independent_normals((3, 2))
    sums = z.sum(axis=0)
    assert expect(tr(ones(3, 3) * G * G.T) ** 2, [G]) == mean((sums @ sums) ** 2)


def test_a_factor_of_the_covariance_and_polynomial_degrees_of_freedom():
    scaled = Wishart("V", dof=N * (N + 1), covariance=identity(D) / N)
    plain = Wishart("W", dof=N, covariance=identity(D))
    by_substitution = expect(tr(plain**3), [plain]).subs({N: N * (N + 1)}) / N**3
    assert expect(tr(scaled**3), [scaled]) == by_substitution
