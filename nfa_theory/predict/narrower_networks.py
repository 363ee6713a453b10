"""Wide, deep networks: the mean over initializations from narrower ones and the exact limit.

The mean is ``limit + a s + b s^2 + ...`` where all widths are divided by ``s``: an alignment is a smooth function of
averages over the units of each layer. Two scales give ``a`` and ``b``, and at the network's own width, ``s = 1``, their
scatter is smaller than that of networks of this width, at a fraction of the cost. The term ``c s^3`` is neglected: it
leaves ``21 c`` at the scales taken. The variance is treated alike; where its second order is not small, the error of
the spread says so.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.predict.moments import FiniteWidth, jackknife, mean_and_error, without_coefficient
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.random_network import alignments_on_all

WIDE = 2048
"""Networks whose hidden layers are all at least as wide are predicted from narrower ones."""
SCALES = (4, 8)
_MORE = 4  # times as many networks: they still take a third of the time


def is_wide(problem: Problem) -> bool:
    """Tell whether the expansion is to be used.

    Parameters
    ----------
    problem : Problem
        All samples in one step.

    Returns
    -------
    bool
        Whether all hidden layers are wide, the weights Gaussian, the residuals fixed, and the variances of effective
        weights and biases the same at every width. Powers of a pre-activation are left out: in deep networks they have
        heavy tails, and with them the coefficients grow too fast.
    """
    net = problem.net
    settled = problem.R is not None and not problem.own_function and net.initialization == "gaussian"
    same = net.parametrization in ("ntk", "he", "lecun")
    powers = net.activation.name in ("quadratic", "cubic", "hermite", "exp")
    return settled and same and not powers and min(net.widths[1:-1]) >= WIDE


def from_narrower(
    problem: Problem, limit: Any, networks: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations.

    Parameters
    ----------
    problem : Problem
        For which `is_wide` holds.
    limit : (depth,) array
        At infinite width, exact.
    networks : int
        A quarter of the random networks at each scale.
    rng : numpy.random.Generator
        Source of randomness.
    progress : callable
        Called as ``progress(done, total)``.

    Returns
    -------
    FiniteWidth
        The moments.
    """
    count = _MORE * networks
    found = []
    for i, scale in enumerate(SCALES):
        narrow = replace(problem, net=_divided(problem, scale))
        rows = []
        for j in range(count):
            rows.append(alignments_on_all(narrow, rng))
            progress(i * count + j + 1, len(SCALES) * count)
        found.append(np.array(rows))
    # (mean - limit) / s = a + b s, from two scales to s = 1
    s, t = SCALES
    weights = (t - 1) / (t - s) / s, (1 - s) / (t - s) / t
    parts = [mean_and_error(weight * (rows - limit)) for weight, rows in zip(weights, found, strict=True)]
    mean, error = limit + parts[0][0] + parts[1][0], np.hypot(parts[0][1], parts[1][1])

    def variance(kept: Any) -> Any:
        return sum(weight * rows[kept].var(axis=0, ddof=1) for weight, rows in zip(weights, found, strict=True))

    first_order = found[0].var(axis=0, ddof=1) / s
    total, scatter = jackknife(variance, count)
    std = np.sqrt(np.where(total > 0, total, first_order))
    std_error = np.hypot(scatter / (2 * std), std - np.sqrt(first_order))
    return without_coefficient(mean, error, std, std_error)


def _divided(problem: Problem, scale: int) -> Any:
    d, *hidden, c = problem.net.widths
    return replace(problem.net, widths=(d, *(round(width / scale) for width in hidden), c))
