"""Two linear layers with a random readout: every node of a quadrature is a network."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import of_traces, three_traces
from nfa_theory.verify.instruments.gamma_nodes import bidiagonal_nodes
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.matrices import symmetric_matrix
from nfa_theory.verify.instruments.random_readout import WIDTHS, mean_and_variance
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate

ZERO, RANDOM = "linear.zero_function", "linear.random_function"
SMALL, SCALES = 7, (1.0, 2.0)
SIZES = [each for each in grid(c=range(1, 9), k=range(1, 9)) if each["c"] + each["k"] <= 9]


def _traces(A: Any, E: Any) -> tuple[Any, Any, Any]:
    """Take the traces of the C-NFA after a short time: the first layer has moved along ``A^T E``, and ``K = A^T A``."""
    dW = np.swapaxes(A, 1, 2) @ E
    F = np.swapaxes(dW, 1, 2) @ dW
    half = A @ dW
    G = np.swapaxes(half, 1, 2) @ half
    return three_traces(F, G)


def _averages(weights: Any, traces: Any) -> dict[str, Any]:
    return of_traces("ratio of averages", [weights @ each for each in traces])


def _zero(trial: Trial, c: int, k: int) -> Judge:
    E = trial.rng.standard_normal((c, 5))
    nodes, weights = gaussian_nodes(c * k, degree=8)
    A = nodes.reshape(-1, c, k)
    measured = _averages(weights, _traces(A, np.broadcast_to(E, (len(A), *E.shape))))
    judge = identity(trial, measured, {"M": E @ E.T, "c": c, "k": k}, "exact average")
    of_function = named({"ratio of averages": measured["ratio of averages"]})
    evaluated = by_function(ZERO, lambda function: function(E, k))
    return both(judge, identity(trial, of_function, evaluated, "exact average"))


def _random(trial: Trial, c: int, k: int, d: int) -> Judge:
    rng, gamma = trial.rng, trial.rng.uniform(0.5, 0.7)
    Sigma_yx, root = rng.standard_normal((c, d)), rng.standard_normal((d, d))
    Sigma_xx = root @ root.T
    readouts, first = gaussian_nodes(c * k, degree=12)
    layers, second = gaussian_nodes(k * d, degree=4)
    A = np.repeat(readouts, len(layers), axis=0).reshape(-1, c, k)
    W0 = np.tile(layers, (len(readouts), 1)).reshape(-1, k, d)
    measured = _averages(np.outer(first, second).ravel(), _traces(A, Sigma_yx - gamma * A @ W0 @ Sigma_xx))
    values = {"Sigma_xx": Sigma_xx, "Sigma_yx": Sigma_yx, "gamma": gamma, "c": c, "k": k, "d": d}
    return identity(trial, measured, values, "exact average")


def _any_size(trial: Trial, c: int, k: int) -> Judge:
    """Average where labels are zero, and the second order in labels along one output, at larger sizes.

    Reflections bring a Gaussian readout to two diagonals, and leave the Gaussian weights of the first layer as they
    are. They turn the output with the labels into a random direction; to second order the average over coordinates is
    the average over all.
    """
    rng, d, gamma = trial.rng, 2, trial.rng.uniform(0.5, 0.7)
    Sigma_xx, v, r = symmetric_matrix(rng, d), 2 * rng.standard_normal(d), min(c, k)
    B, first = bidiagonal_nodes(c, k, 6)
    C = B if c <= k else np.swapaxes(B, 1, 2)
    X, second = gaussian_nodes(r * d, degree=4)
    noise = (C[:, None] @ X.reshape(-1, r, d)[None] @ Sigma_xx).reshape(-1, r, d)
    C = np.repeat(C, len(X), axis=0)
    weights = np.outer(first, second).ravel()

    def averages(labels: Any) -> Any:
        return np.array([weights @ each for each in _traces(C, labels - gamma * noise)])

    silent = averages(0.0)
    measured = {f"no labels {part}": each for part, each in zip(PARTS, silent, strict=True)}
    small = c + k <= SMALL
    if small:
        slopes = sum(_second_order(silent, *(averages(s * np.outer(e, v)) for s in SCALES)) for e in np.eye(r)) / c
        measured |= {f"second order {part}": each for part, each in zip(PARTS, slopes, strict=True)}

    def predict(form: ClosedForm) -> ClosedForm:
        values = {"Sigma_xx": Sigma_xx, "gamma": gamma, "c": c, "k": k, "d": d}
        labels = [np.outer(np.eye(c)[0], s * v) for s in (0.0, *(SCALES if small else ()))]
        found = [evaluate(form, {**values, "Sigma_yx": each}) for each in labels]
        sums = [np.array([each[f"ratio of averages {part}"] for part in PARTS]) for each in found]
        predicted = {f"no labels {part}": each for part, each in zip(PARTS, sums[0], strict=True)}
        orders = _second_order(*sums) if small else sums[0]
        return predicted | {f"second order {part}": each for part, each in zip(PARTS, orders, strict=True)}

    return identity(trial, measured, predict, "exact average")


def _second_order(at_0: Any, at_1: Any, at_2: Any) -> Any:
    """Take the coefficient of ``s^2`` of an even polynomial of degree 4 from its values at 0, 1 and 2."""
    return (16 * (at_1 - at_0) - (at_2 - at_0)) / 12


def _mean(trial: Trial) -> Judge:
    E = trial.rng.standard_normal((2, 3))
    M = E @ E.T
    m1, m2, m4 = np.trace(M), np.trace(M @ M), np.trace(M @ M @ M @ M)
    defects = [k * (1 - mean_and_variance(M, k)[0]) for k in WIDTHS]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        found = evaluate({"mean": closed_form["mean C-NFA"]}, {"k": 1 / x, "m1": m1, "m2": m2, "m4": m4})
        return {"mean C-NFA": (1 - found["mean"]) / x}

    name, times = "mean C-NFA", [1 / k for k in WIDTHS]
    evaluated = by_function(ZERO, lambda function, x: {name: (1 - function(E, round(1 / x))[name]) / x})
    return both(
        order(trial, times, {name: defects}, predict, {name: 1}),
        order(trial, times, named({name: defects}), evaluated, named({name: 1})),
    )


def _sized(claim: str, measure: Callable[..., Judge], kind: str, **sizes: int) -> Check:
    name = ", ".join(f"{symbol} = {value}" for symbol, value in sizes.items())
    return Check(claim, f"every network with {name}", kind, partial(measure, **sizes))


CHECKS = (
    *at_sizes(
        ZERO,
        "every network",
        "exact average",
        _zero,
        [each for each in grid(c=(2, 3, 4, 5, 6), k=(1, 2, 3, 4, 5, 6)) if each["c"] * each["k"] <= 12],
    ),
    *(_sized(RANDOM, _random, "exact average", c=c, k=k, d=d) for c, k, d in ((1, 2, 1), (2, 1, 2), (1, 2, 2))),
    _sized(RANDOM, _random, "exact average", c=2, k=2, d=2),
    _sized(RANDOM, _random, "exact average", c=4, k=1, d=4),  # sizes at which no identity of traces holds
    *at_sizes(RANDOM, "readouts of two diagonals", "exact average", _any_size, SIZES),
    Check(ZERO, "two outputs, growing width", "order", _mean),
)
