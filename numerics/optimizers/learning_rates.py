"""Learning rates that change with the step; each schedule is a function of the number of steps."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from numerics.checks import require_real

Schedule = Callable[[int], Float64[np.ndarray, " steps"]]


def linear_decay(peak: float, final: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return a schedule that falls on a straight line from `peak` towards `final`.

    Parameters
    ----------
    peak, final : float
        Learning rate at the start (after the warm-up), and the one that a step after the last would have.
    warmup : float
        Share of the steps, from 0 and below 1, during which the rate rises on a straight line from 0 to `peak`.

    Returns
    -------
    callable
        From the number of steps to the rates, shape (steps,).

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> linear_decay(1.0)(4).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    return _shaped(peak, final, warmup, lambda x: 1 - x)


def cosine_decay(peak: float, final: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return a schedule that falls from `peak` towards `final` along half a period of the cosine.

    Parameters
    ----------
    peak, final, warmup : float
        As in `linear_decay`.

    Returns
    -------
    callable
        From the number of steps to the rates, shape (steps,).

    Examples
    --------
    >>> cosine_decay(2.0)(2).round(6).tolist()
    [2.0, 1.0]
    """
    return _shaped(peak, final, warmup, lambda x: 0.5 * (1 + np.cos(np.pi * x)))


def step_decay(peak: float, factor: float, every: float) -> Schedule:
    """Return a schedule that is multiplied by `factor` whenever a share `every` of the steps is done.

    Parameters
    ----------
    peak, factor : float
        Learning rate at the start, and what it is multiplied by; positive.
    every : float
        Share of the steps, above 0 and at most 1.

    Returns
    -------
    callable
        From the number of steps to the rates, shape (steps,).

    Examples
    --------
    >>> step_decay(1.0, 0.1, 0.5)(4).round(6).tolist()
    [1.0, 1.0, 0.1, 0.1]
    """
    require_real("peak", peak, above=0)
    require_real("factor", factor, above=0)
    require_real("every", every, above=0, most=1)
    return lambda steps: peak * factor ** np.floor(np.arange(steps) / (every * steps) + 1e-9)


def _shaped(
    peak: float, final: float, warmup: float, shape: Callable[[Float64[np.ndarray, " k"]], Float64[np.ndarray, " k"]]
) -> Schedule:
    require_real("peak", peak, above=0)
    require_real("final", final, least=0, most=peak)
    require_real("warmup", warmup, least=0, below=1)

    def schedule(steps: int) -> Float64[np.ndarray, " steps"]:
        rising = int(warmup * steps)
        rise = peak * np.arange(1, rising + 1) / (rising + 1)
        x = np.arange(steps - rising) / max(steps - rising, 1)
        return np.concatenate([rise, final + (peak - final) * shape(x)])

    return schedule
