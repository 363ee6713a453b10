"""Quadratic networks of finite width: averages over their weights, and the expansion of the mean."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import cosine, of_traces
from nfa_theory.verify.instruments.gamma_nodes import wishart_nodes
from nfa_theory.verify.instruments.quadratic_width import data_moments, early_traces, growing_width
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

AVERAGES, MEAN = "quadratic.finite_width_averages", "quadratic.finite_width_mean"


def _averages(trial: Trial, d: int, k: int) -> Judge:
    """Average over Wishart matrices by Bartlett's decomposition; polynomials of degree four in M need five nodes."""
    A, B = data_moments(trial.rng, d)
    M, weights = wishart_nodes(d, k, 5)
    measured = of_traces("averages", [weights @ each for each in early_traces(M, A, B)])
    return identity(trial, measured, {"A": A, "B": B, "k": k, "d": d}, "exact average")


def _expansion(trial: Trial) -> Judge:
    """Measure the shift of the mean and the variance, times ``k``, relative to the limit, as the width grows.

    Values at ``k``, ``2 k`` and ``4 k`` are combined so that two powers of ``1/k`` drop out: a wrong coefficient is
    seen against what is left.
    """
    A, B = data_moments(trial.rng, 2)
    N, D_1, D_2 = (float(each[0]) for each in early_traces(np.eye(2)[None], A, B))
    limit = cosine((N, D_1, D_2))
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
    traces = early_traces(S / k, A, B)
    shift = cosine(traces) / limit - 1
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
    *(_sized(AVERAGES, _averages, d=d, k=k) for d, k in ((1, 1), (1, 3), (2, 2), (2, 3), (2, 5), (3, 3))),
    Check(MEAN, "limit at growing width", "order", partial(growing_width, name="limit")),
    Check(MEAN, "expansion at growing width", "order", _expansion),
)
