"""Quadratic networks on finitely many Gaussian samples: averages over the samples, node by node."""

from itertools import combinations
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.matrices import symmetric_matrix
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity

MOMENTS, BIAS = "quadratic.finite_sample_moments", "quadratic.finite_sample_bias"
NOISE = 0.4137263
DRAWS = 16
SIZE = 4
RADIUS, COUNT = 0.3, 64
"""Of the circle on which the alignment is evaluated."""
WORDS = {"tr(A^4 B)": "AAAAB", "tr(A^4)": "AAAA", "tr(A^2 B A^2 B)": "AABAAB"}


def _sample_terms(trial: Trial, d: int) -> dict[str, Any]:
    """Make one sample's terms of ``A_n`` and ``B_n`` at every node of input and label noise."""
    Sigma, Q = symmetric_matrix(trial.rng, d), symmetric_matrix(trial.rng, d)
    nodes, weights = gaussian_nodes(d + 1, degree=8)
    x = nodes[:, :d] @ np.linalg.cholesky(Sigma).T
    y = np.einsum("ni,ij,nj->n", x, Q, x) + np.sqrt(NOISE) * nodes[:, d]
    outer = x[:, :, None] * x[:, None, :]
    return {"w": weights, "A": y[:, None, None] * outer, "B": outer, "Q": Q, "Sigma": Sigma}


def _mean(weights: Any, values: Any) -> Any:
    return np.tensordot(weights, values, axes=1)


def _moments(trial: Trial, n: int) -> Judge:
    """Use that the samples are independent: two factors ``A_n`` share a sample with chance 1/n.

    The closed forms of the three traces hold to order 1/n: at most one pair of factors shares its sample.
    """
    terms = _sample_terms(trial, SIZE)
    w, means = terms["w"], {name: _mean(terms["w"], terms[name]) for name in "AB"}
    Y = trial.rng.standard_normal((SIZE, SIZE))
    Y = Y + Y.T
    A = means["A"]
    second = (1 - 1 / n) * A @ Y @ A + _mean(w, terms["A"] @ Y @ terms["A"]) / n
    measured = {"mean": A, "second moment": second}
    for name, word in WORDS.items():
        pairs = list(combinations(range(len(word)), 2))
        shared = sum(_mean(w, _trace_of_word(word, means, terms, pair)) for pair in pairs)
        apart = _trace_of_word(word, means, terms, ())[0]
        measured[name] = float(apart + (shared - len(pairs) * apart) / n)
    values = {"A": A, "Y": Y, "Q": terms["Q"], "Sigma": terms["Sigma"], "v": NOISE, "n": n, "d": SIZE}
    return identity(trial, measured, values, "exact average")


def _trace_of_word(word: str, means: Any, terms: Any, shared: tuple[int, ...]) -> Any:
    """Multiply a word with one sample's term in the shared places and means in the others; one trace a node."""
    product = np.eye(SIZE)[None]
    for place, letter in enumerate(word):
        product = product @ (terms[letter] if place in shared else means[letter])
    return np.trace(product, axis1=1, axis2=2)


def _bias(trial: Trial, n: int) -> Judge:
    """Average the second-order response of the alignment to one sample; derivatives by Cauchy's integral.

    The responses to different directions cancel, sometimes to a millionth; of several draws the one is taken where they
    cancel least.
    """
    draws = [_sample_terms(trial, SIZE) for _ in range(DRAWS)]
    responses = [_responses(each) for each in draws]
    best = max(range(DRAWS), key=lambda i: abs(np.sum(responses[i])) / np.sum(np.abs(responses[i])))
    terms = draws[best]
    A, Sigma = _mean(terms["w"], terms["A"]), terms["Sigma"]
    N, D_1, D_2 = (float(each) for each in _traces(A[None], Sigma[None])[:, 0])
    rho = N / np.sqrt(D_1 * D_2)
    given = {"A": A, "Q": terms["Q"], "Sigma": Sigma, "v": NOISE, "n": n, "d": SIZE}
    measured = {"limit": rho, "limit numerator": N, "limit first": D_1, "limit second": D_2}
    measured["bias"] = float(np.sum(responses[best])) / (2 * n * rho)
    of_function = named({"limit": rho, "mean": rho * (1 + measured["bias"])})
    evaluated = by_function(BIAS, lambda function: function(**given))
    judge = identity(trial, measured, {**given, "N": N, "D_1": D_1, "D_2": D_2}, "exact average")
    return both(judge, identity(trial, of_function, evaluated, "exact average"))


def _responses(terms: dict[str, Any]) -> Any:
    """Multiply the second derivatives of the alignment by the covariances of one sample's deviations."""
    w, A, Sigma = terms["w"], _mean(terms["w"], terms["A"]), terms["Sigma"]
    deviations = np.concatenate([_coordinates(terms["A"] - A), _coordinates(terms["B"] - Sigma)], axis=1)
    return _second_derivatives(A, Sigma) * np.einsum("n,ni,nj->ij", w, deviations, deviations)


def _traces(A: Any, B: Any) -> Any:
    square = A @ A
    G = square @ B
    pairs = ((square @ square, B), (square, square), (G, G))
    return np.array([np.einsum("nij,nji->n", X, Y) for X, Y in pairs])


def _alignment(A: Any, B: Any) -> Any:
    N, D_1, D_2 = _traces(A, B)
    return N / np.sqrt(D_1 * D_2)


def _basis(d: int) -> Any:
    """List a basis of the symmetric matrices, (d (d + 1) / 2, d, d)."""
    places = [(i, j) for i in range(d) for j in range(i + 1)]
    basis = np.zeros((len(places), d, d))
    for at, (i, j) in enumerate(places):
        basis[at, i, j] = basis[at, j, i] = 1.0
    return basis


def _coordinates(matrices: Any) -> Any:
    """Write symmetric matrices in the basis."""
    i, j = np.tril_indices(matrices.shape[-1])
    return matrices[:, i, j]


def _second_derivatives(A: Any, B: Any) -> Any:
    """Differentiate the alignment twice in the coordinates of both matrices, by polarization and Cauchy's integral."""
    basis = _basis(len(A))
    both = len(basis)
    first, second = np.triu_indices(2 * both)
    directions = np.eye(2 * both)[first] + np.eye(2 * both)[second] * (first != second)[:, None]
    a, b = (np.tensordot(each, basis, axes=1) for each in (directions[:, :both], directions[:, both:]))
    circle = RADIUS * np.exp(2j * np.pi * np.arange(COUNT) / COUNT)
    values = np.array([_alignment(A + e * a, B + e * b) / e**2 for e in circle])
    along = np.zeros((2 * both, 2 * both))
    along[first, second] = 2 * np.mean(values, axis=0).real
    diagonal = np.diag(along)
    mixed = np.triu((along - diagonal - diagonal[:, None]) / 2, 1)
    return mixed + mixed.T + np.diag(diagonal)


CHECKS = (
    *at_sizes(MOMENTS, "every sample of a quadrature", "exact average", _moments, grid(n=(3, 5))),
    *at_sizes(BIAS, "response to every sample of a quadrature", "exact average", _bias, grid(n=(50, 80))),
)
