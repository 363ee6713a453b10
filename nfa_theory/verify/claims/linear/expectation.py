"""Two linear layers with a random readout: every node of a quadrature is a network."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gamma_nodes import wishart_nodes
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate

ZERO, RANDOM = "linear.zero_function", "linear.random_function"
EQUAL = "linear.equal_strengths"
WIDTHS = (4000, 8000, 16000, 32000)
NODES = {2: 12, 3: 7}


def _traces(A: Any, E: Any) -> list[Any]:
    """Take the traces of the C-NFA after a short time: the first layer has moved along ``A^T E``, and ``K = A^T A``."""
    dW = np.swapaxes(A, 1, 2) @ E
    F = np.swapaxes(dW, 1, 2) @ dW
    half = A @ dW
    G = np.swapaxes(half, 1, 2) @ half
    return [np.sum(X * Y, axis=(1, 2)) for X, Y in ((F, G), (F, F), (G, G))]


def _averages(weights: Any, traces: list[Any]) -> dict[str, Any]:
    means = [weights @ each for each in traces]
    named = {f"ratio of averages {part}": each for part, each in zip(PARTS, means, strict=True)}
    return named | {"ratio of averages": means[0] / np.sqrt(means[1] * means[2])}


def _zero(trial: Trial, c: int, k: int) -> Judge:
    E = trial.rng.standard_normal((c, 3))
    nodes, weights = gaussian_nodes(c * k, degree=8)
    A = nodes.reshape(-1, c, k)
    measured = _averages(weights, _traces(A, np.broadcast_to(E, (len(A), c, 3))))
    judge = identity(trial, measured, {"M": E @ E.T, "c": c, "k": k}, "exact average")
    of_function = named({"ratio of averages": measured["ratio of averages"]})
    evaluated = by_function(ZERO, lambda function: function(E, k))
    return both(judge, identity(trial, of_function, evaluated, "exact average"))


def _random(trial: Trial, c: int, k: int, d: int) -> Judge:
    rng, gamma = trial.rng, 0.6
    Sigma_yx, root = rng.standard_normal((c, d)), rng.standard_normal((d, d))
    Sigma_xx = root @ root.T
    readouts, first = gaussian_nodes(c * k, degree=12)
    layers, second = gaussian_nodes(k * d, degree=4)
    A = np.repeat(readouts, len(layers), axis=0).reshape(-1, c, k)
    W0 = np.tile(layers, (len(readouts), 1)).reshape(-1, k, d)
    measured = _averages(np.outer(first, second).ravel(), _traces(A, Sigma_yx - gamma * A @ W0 @ Sigma_xx))
    values = {"Sigma_xx": Sigma_xx, "Sigma_yx": Sigma_yx, "gamma": gamma, "c": c, "k": k, "d": d}
    return identity(trial, measured, values, "exact average")


def _moments(M: Any, k: int) -> tuple[float, float]:
    """Average the C-NFA itself, and its square, over readouts of width k."""
    S, weights = wishart_nodes(len(M), k, NODES[len(M)])
    S = S / k
    FG = np.einsum("nij,jk,nkl,nlm,mi->n", S, M, S, S, M, optimize=True)
    FF = np.einsum("nij,jk,nkl,li->n", S, M, S, M, optimize=True)
    T = S @ S
    GG = np.einsum("nij,jk,nkl,li->n", T, M, T, M, optimize=True)
    missing = 1 - FG / np.sqrt(FF * GG)
    mean = float(weights @ missing)
    return 1 - mean, float(weights @ (missing - mean) ** 2)


def _mean(trial: Trial) -> Judge:
    E = trial.rng.standard_normal((2, 3))
    M = E @ E.T
    m1, m2, m4 = np.trace(M), np.trace(M @ M), np.trace(M @ M @ M @ M)
    defects = [k * (1 - _moments(M, k)[0]) for k in WIDTHS]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        found = evaluate({"mean": closed_form["mean C-NFA"]}, {"k": 1 / x, "m1": m1, "m2": m2, "m4": m4})
        return {"mean C-NFA": (1 - found["mean"]) / x}

    name, times = "mean C-NFA", [1 / k for k in WIDTHS]
    evaluated = by_function(ZERO, lambda function, x: {name: (1 - function(E, round(1 / x))[name]) / x})
    return both(
        order(trial, times, {name: defects}, predict, {name: 1}),
        order(trial, times, named({name: defects}), evaluated, named({name: 1})),
    )


def _equal(trial: Trial, c: int) -> Judge:
    """Measure ``k (1 - mean)`` as the width grows."""
    means = [k * (1 - _moments(np.eye(c), k)[0]) for k in WIDTHS]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        return {"mean": (1 - evaluate(closed_form, {"k": 1 / x, "c": c})["mean"]) / x}

    return order(trial, [1 / k for k in WIDTHS], {"mean": means}, predict, {"mean": 2})


def _spread(trial: Trial, c: int) -> Judge:
    """Measure ``k^2`` times the variance at larger widths: its first correction is large."""
    widths = [16 * k for k in WIDTHS]
    variances = [k**2 * _moments(np.eye(c), k)[1] for k in widths]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        return {"variance": evaluate(closed_form, {"k": 1 / x, "c": c})["variance"] / x**2}

    return order(trial, [1 / k for k in widths], {"variance": variances}, predict, {"variance": 1})


def _sized(claim: str, measure: Callable[..., Judge], kind: str, **sizes: int) -> Check:
    name = ", ".join(f"{symbol} = {value}" for symbol, value in sizes.items())
    return Check(claim, f"every network with {name}", kind, partial(measure, **sizes))


CHECKS = (
    *(_sized(ZERO, _zero, "exact average", c=c, k=k) for c, k in ((1, 2), (2, 1), (2, 2), (2, 3), (3, 2))),
    *(_sized(RANDOM, _random, "exact average", c=c, k=k, d=d) for c, k, d in ((1, 2, 1), (2, 1, 2), (1, 2, 2))),
    _sized(RANDOM, _random, "exact average", c=2, k=2, d=2),
    Check(ZERO, "two outputs, growing width", "order", _mean),
    *(Check(EQUAL, f"mean with {c} outputs, growing width", "order", partial(_equal, c=c)) for c in (2, 3)),
    *(Check(EQUAL, f"variance with {c} outputs, growing width", "order", partial(_spread, c=c)) for c in (2, 3)),
)
