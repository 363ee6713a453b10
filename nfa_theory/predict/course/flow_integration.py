"""Integration of a flow of weights at tight tolerance, for the changes of the weights at given times."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped
from scipy.integrate import solve_ivp

from numerics import DivergenceError

RTOL = 1e-9
"""Relative tolerance."""


def integrate(
    velocities: Callable[[list[Any]], list[Any]], start: list[Any], times: Shaped[Any, "T"], rtol: float = RTOL
) -> list[list[Any]]:
    """Integrate the changes of the weights, which are small at early times, rather than the weights."""
    shapes = [W.shape for W in start]
    ends = np.cumsum([W.size for W in start])

    def unpack(flat: Any) -> list[Any]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]

    def rhs(_: float, flat: Any) -> Any:
        weights = [W + dW for W, dW in zip(start, unpack(flat), strict=True)]
        return np.concatenate([V.ravel() for V in velocities(weights)])

    still, later = np.zeros(ends[-1]), times[times > 0]
    before = [unpack(still)] * (len(times) - len(later))
    if not len(later):
        return before
    smallest = max(abs(rhs(0.0, still)).max() * later[0], np.finfo(np.float64).tiny)
    with np.errstate(over="ignore", invalid="ignore"):
        run = solve_ivp(rhs, (0, later[-1]), still, "DOP853", t_eval=later, rtol=rtol, atol=1e-3 * rtol * smallest)
    if not (run.success and np.isfinite(run.y).all()):
        raise DivergenceError(f"the flow must be integrated to time {later[-1]:g}, got stuck: {run.message}")
    return before + [unpack(flat) for flat in run.y.T]
