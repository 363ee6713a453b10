"""Quadratic networks: early features, averages over their weights, and the limit of infinite width."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import layer_features
from nfa_theory.verify.instruments.flow import FLOW
from nfa_theory.verify.instruments.gamma_nodes import wishart_nodes
from nfa_theory.verify.instruments.matrices import symmetric_matrix
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate
from numerics import MLP, Measure, ptf_covariances, simulate

LEADING, AVERAGES = "quadratic.leading_order", "quadratic.finite_width_averages"
INFINITE, MEAN = "quadratic.infinite_width", "quadratic.finite_width_mean"
WIDTHS = (500, 1000, 2000, 4000)
NODES = 14


def _moments_of_data(trial: Trial) -> Judge:
    layer = _layer(trial)
    r = (layer.Y - layer.activity.outputs).ravel()
    X, n, (W, a) = layer.X, len(layer.X), layer.start.weights
    A = sum(r[i] * np.outer(X[i], X[i]) for i in range(n)) / n
    M = sum(a[0, j] ** 2 * np.outer(W[j], W[j]) for j in range(len(W)))
    K = ptf_covariances(X, layer.net, layer.start)[0]
    values = {"Z": X, "r": r[:, None], "W": W, "a": np.diag(a[0]), "n": n}
    return identity(trial, {"A": A, "B": X.T @ X / n, "M": M, "K": K}, values)


def _layer(trial: Trial) -> Layer:
    return Layer.draw(MLP((3, 4, 1), "quadratic", parametrization="lecun"), 1, trial.rng, n=8)


def _early(trial: Trial) -> Judge:
    """Let the hidden layer flow; K is taken at the weights that are reached."""
    layer = _layer(trial)
    X, (W, a) = layer.X, layer.start.weights
    values = {"Z": X, "r": layer.Y - layer.activity.outputs, "W": W, "a": np.diag(a[0]), "n": len(X)}
    times = [0.002 / 2**i for i in range(4)]
    found = []
    for t in times:
        moved = _moved(layer, t)
        features = layer_features(moved, W, ptf_covariances(X, layer.net, (moved, a))[0])
        F, G = features["F_c"] / (4 * t**2), features["G_c"] / (16 * t**2)
        traces = dict(zip(PARTS, (np.sum(F * G), np.sum(F * F), np.sum(G * G)), strict=True))
        found.append({"dW": moved - W, **{name: features[name] for name in ("F_c", "G_c", "C-NFA")}})
        found[-1] |= {f"C-NFA {part}": value for part, value in traces.items()}
    measured = {name: [each[name] for each in found] for name in found[0]}
    return order(trial, times, measured, lambda form, t: evaluate(form, {**values, "t": t}), dict.fromkeys(measured, 1))


def _moved(layer: Layer, time: float) -> Any:
    reached: list[Any] = []
    simulate(
        layer.X,
        layer.Y,
        layer.net,
        steps=1,
        learning_rate=time,
        optimizer=replace(FLOW, layer_rates=(1.0, 0.0)),
        initial_weights=list(layer.start.weights),
        measure=Measure(1, observe=lambda seed, step, parameters: reached.append(parameters.weights[0])),
    )
    return reached[-1]


def _data(rng: np.random.Generator, d: int) -> tuple[Any, Any]:
    """Draw a symmetric A and a positive B."""
    return symmetric_matrix(rng, d, signed=True), symmetric_matrix(rng, d)


def _traces(M: Any, A: Any, B: Any) -> list[Any]:
    """Take the traces of ``F = A M A`` and ``G = A M B M A``."""
    F, G = A @ M @ A, A @ M @ B @ M @ A
    return [np.sum(X * Y, axis=(1, 2)) for X, Y in ((F, G), (F, F), (G, G))]


def _averages(trial: Trial, d: int, k: int) -> Judge:
    """Average over Wishart matrices by Bartlett's decomposition; polynomials of degree four in M need five nodes."""
    A, B = _data(trial.rng, d)
    M, weights = wishart_nodes(d, k, 5)
    means = [float(weights @ each) for each in _traces(M, A, B)]
    measured = {f"averages {part}": each for part, each in zip(PARTS, means, strict=True)}
    measured["averages"] = means[0] / np.sqrt(means[1] * means[2])
    return identity(trial, measured, {"A": A, "B": B, "k": k, "d": d}, "exact average")


def _moments_of_weights(trial: Trial, d: int, k: int) -> Judge:
    """Average ``M = W^T W / k`` and the square of ``tr(A M)``."""
    A, _ = _data(trial.rng, d)
    M, weights = wishart_nodes(d, k, 5)
    M = M / k
    tr_AM = np.einsum("ij,nji->n", A, M)
    mean = weights @ tr_AM
    measured = {"mean": np.einsum("n,nij->ij", weights, M), "variance": float(weights @ (tr_AM - mean) ** 2)}
    return identity(trial, measured, {"A": A, "k": k, "d": d}, "exact average")


def _limit(trial: Trial, name: str) -> Judge:
    """Let the width grow: the average C-NFA and its traces tend to the limit as 1/k."""
    A, B = _data(trial.rng, 2)
    found = []
    for k in WIDTHS:
        S, weights = wishart_nodes(2, k, NODES)
        traces = _traces(S / k, A, B)
        rho = float(weights @ (traces[0] / np.sqrt(traces[1] * traces[2])))
        found.append({name: rho, **{f"{name} {p}": float(weights @ t) for p, t in zip(PARTS, traces, strict=True)}})
    measured = {key: [each[key] for each in found] for key in found[0]}
    values = {"A": A, "B": B, "d": 2}
    return order(
        trial,
        [1 / k for k in WIDTHS],
        measured,
        lambda form, _: evaluate({name: form[name]}, values),
        dict.fromkeys(measured, 1),
    )


def _expansion(trial: Trial) -> Judge:
    """Measure the shift of the mean and the variance, times ``k``, relative to the limit, as the width grows.

    Values at ``k``, ``2 k`` and ``4 k`` are combined so that two powers of ``1/k`` drop out: a wrong coefficient is
    seen against what is left.
    """
    A, B = _data(trial.rng, 2)
    N, D_1, D_2 = (float(each[0]) for each in _traces(np.eye(2)[None], A, B))
    limit = N / np.sqrt(D_1 * D_2)
    moments = {k: _shift_and_variance(A, B, limit, k) for k in [400 * 2**i for i in range(6)]}
    widths = [400, 800, 1600, 3200]
    remove = {"mean": (2, 3), "variance": (1, 2)}
    scaled = {name: {k: k * each[at] for k, each in moments.items()} for at, name in enumerate(remove)}
    measured = {name: [_combined(powers, scaled[name], k) for k in widths] for name, powers in remove.items()}

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        forms = {name: closed_form[name] for name in remove}
        values = {"A": A, "B": B, "d": 2, "N": N, "D_1": D_1, "D_2": D_2}
        k = round(1 / x)
        found = {each: evaluate(forms, {**values, "k": each}) for each in (k, 2 * k, 4 * k)}
        sums = {name: {each: each * sum(values[name]) for each, values in found.items()} for name in remove}
        return {name: _combined(powers, sums[name], k) for name, powers in remove.items()}

    # The mean is a difference to 1, times k: its rounding error is that of 1, times the largest width.
    rounding = 64 * np.finfo(float).eps * max(moments) / min(abs(each) for each in measured["mean"])
    judge = order(trial, [1 / k for k in widths], measured, predict, {"mean": 4, "variance": 3}, floor=rounding)
    moved = {"mean": [limit * (1 + moments[k][0]) for k in widths]}
    moved["variance"] = [limit**2 * moments[k][1] for k in widths]
    evaluated = by_function(MEAN, lambda function, x: function(A=A, B=B, k=round(1 / x)))
    expected = named({"mean": 3, "variance": 1})
    return both(judge, order(trial, [1 / k for k in widths], named(moved), evaluated, expected))


def _shift_and_variance(A: Any, B: Any, limit: float, k: int) -> tuple[float, float]:
    S, weights = wishart_nodes(2, k, 24)
    traces = _traces(S / k, A, B)
    shift = traces[0] / np.sqrt(traces[1] * traces[2]) / limit - 1
    mean = float(weights @ shift)
    return mean, float(weights @ (shift - mean) ** 2)


def _combined(powers: tuple[int, int], values: Mapping[int, float], k: int) -> float:
    """Combine values at k, 2 k and 4 k with weights that sum to 1 and remove two powers of ``1/k``."""
    conditions = np.array([[2.0 ** (-power * j) for j in range(3)] for power in (0, *powers)])
    w = np.linalg.solve(conditions, [1.0, 0.0, 0.0])
    return float(sum(w[j] * values[k * 2**j] for j in range(3)))


def _sized(claim: str, measure: Callable[..., Judge], **sizes: int) -> Check:
    name = ", ".join(f"{symbol} = {value}" for symbol, value in sizes.items())
    return Check(claim, f"every network with {name}", "exact average", partial(measure, **sizes))


CHECKS = (
    Check(LEADING, "moments and PTF covariance of a network", "identity", _moments_of_data),
    Check(LEADING, "flow of the hidden layer", "order", _early),
    *(_sized(AVERAGES, _averages, d=d, k=k) for d, k in ((1, 1), (1, 3), (2, 2), (2, 3), (2, 5), (3, 3))),
    *(_sized(INFINITE, _moments_of_weights, d=d, k=k) for d, k in ((2, 2), (2, 5))),
    Check(INFINITE, "growing width", "order", partial(_limit, name="C-NFA")),
    Check(MEAN, "limit at growing width", "order", partial(_limit, name="limit")),
    Check(MEAN, "expansion at growing width", "order", _expansion),
)
