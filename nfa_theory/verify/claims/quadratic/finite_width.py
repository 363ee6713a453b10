"""Quadratic networks of finite width: averages over their weights, and the expansion of the mean."""

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import cosine, of_traces
from nfa_theory.verify.instruments.gamma_nodes import sparse_wishart_nodes
from nfa_theory.verify.instruments.neuron_words import mean_trace
from nfa_theory.verify.instruments.quadratic_width import data_moments, early_traces, growing_width
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.evaluated import by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

AVERAGES, MEAN = "quadratic.finite_width_averages", "quadratic.finite_width_mean"
WIDTHS = (5, 7, 12)
GROWING = (400, 800, 1600, 3200)
ORDERS = 5
"""Of the response to a change of the weights, from the zeroth on."""


def _averages(trial: Trial, d: int, k: int) -> Judge:
    """Average the traces of ``F = A M A`` and ``G = A M B M A`` over every way in which neurons coincide."""
    A, B = data_moments(trial.rng, d)
    square = A @ A
    words = ([square, B, square], [square, square], [square, B, square, B])
    measured = of_traces("averages", [np.float64(mean_trace(word, k)) for word in words])
    return identity(trial, measured, {"A": A, "B": B, "k": k, "d": d}, "exact average")


def _expansion(trial: Trial, d: int) -> Judge:
    """Average the alignment's response to ``M - 1``, order by order: each order is a polynomial in the weights.

    Moments of order 2 and 3 are exact powers of ``1/k``; those of order 4 have a part in ``1/k^3`` beside that in
    ``1/k^2``, which two widths separate.
    """
    A, B = data_moments(trial.rng, d)
    parts = [np.float64(each[0]) for each in early_traces(np.eye(d)[None], A, B)]
    widths = np.array(WIDTHS)
    averages = np.array([_mean_responses(A, B, k) for k in WIDTHS])
    first, variance = averages[:, 2], averages[:, 0]
    second = widths**2 * (averages[:, 3] + averages[:, 4])
    slope = (second[0] - second[-1]) / (1 / widths[0] - 1 / widths[-1])
    measured = {"mean": np.array([first, (second - slope / widths) / widths**2]), "variance": variance}
    names = dict(zip(("N", "D_1", "D_2"), parts, strict=True))

    def predict(closed_form: ClosedForm) -> ClosedForm:
        values = {"A": A, "B": B, "d": d, **names}
        found = [evaluate({name: closed_form[name] for name in measured}, {**values, "k": k}) for k in WIDTHS]
        mean = np.array([each["mean"] for each in found]).T
        return {"mean": mean, "variance": np.array([sum(each["variance"]) for each in found])}

    return identity(trial, measured, predict, "exact average")


def _mean_responses(A: Any, B: Any, k: int) -> Any:
    """Average the square of the first order of the relative response, and its orders from the first on."""
    S, weights = sparse_wishart_nodes(len(A), k, 2 * (ORDERS - 1))
    X = S / k - np.eye(len(A))
    square = np.broadcast_to(A @ A, X.shape)
    F = (square, A @ X @ A)
    G = (np.broadcast_to(A @ B @ A, X.shape), A @ (X @ B + B @ X) @ A, A @ X @ B @ X @ A)
    number, first, second = (_product_series(*pair) for pair in ((F, G), (F, F), (G, G)))
    below = [sum(first[i] * second[j - i] for i in range(j + 1)) for j in range(ORDERS)]
    root = [below[0] ** -0.5]
    for j in range(1, ORDERS):  # with R = D^(-1/2), 2 D R' = -D' R gives one coefficient after the other
        root.append(-sum((i / 2 + j - i) * below[i] * root[j - i] for i in range(1, j + 1)) / (j * below[0]))
    rho = np.array([sum(number[i] * root[j - i] for i in range(j + 1)) for j in range(ORDERS)])
    rho /= rho[0].copy()
    return np.array([weights @ rho[1] ** 2, *(weights @ each for each in rho[1:])])


def _product_series(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    """Multiply two series of matrices under the trace."""
    found = [np.zeros(len(left[0])) for _ in range(ORDERS)]
    for (i, one), (j, other) in itertools.product(enumerate(left), enumerate(right)):
        found[i + j] += np.sum(one * other, axis=(1, 2))
    return found


def _function(trial: Trial) -> Judge:
    """Let the function of the claim predict mean and variance as the width grows."""
    A, B = data_moments(trial.rng, 3)
    moments = [_mean_and_variance(A, B, k) for k in GROWING]
    measured = {name: [each[at] for each in moments] for at, name in enumerate(("mean", "variance"))}
    evaluated = by_function(MEAN, lambda function, x: function(A=A, B=B, k=round(1 / x)))
    return order(trial, [1 / k for k in GROWING], named(measured), evaluated, named({"mean": 3, "variance": 1}))


def _mean_and_variance(A: Any, B: Any, k: int) -> tuple[float, float]:
    S, weights = sparse_wishart_nodes(len(A), k, 10)
    missing = 1 - cosine(early_traces(S / k, A, B))
    mean = float(weights @ missing)
    return 1 - mean, float(weights @ (missing - mean) ** 2)


CHECKS = (
    *at_sizes(
        AVERAGES,
        "every network with",
        "exact average",
        _averages,
        [*grid(d=(5,), k=(1, 2, 4, 6, 7)), *grid(d=(2, 3), k=(3,))],
    ),
    Check(MEAN, "limit at growing width", "order", partial(growing_width, name="limit")),
    *at_sizes(MEAN, "response to every change of the weights", "exact average", _expansion, grid(d=(2, 3, 4))),
    Check(MEAN, "function at growing width", "order", _function),
)
