"""The course of one network as Taylor polynomials, and how long polynomials can be trusted.

Each network's series is computed two orders further than it is used. Those two orders, continued geometrically at
the rate at which the series of the weights grows, estimate what is left out. Where slopes of the activation jump, the
series of a network knows nothing of the kinks that its pre-activations cross; `kink_effects` estimates what they do.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped
from scipy.optimize import brentq

from nfa_theory.predict.course.alignment_series import alignment
from nfa_theory.predict.course.initial_alignment import initial_uc_nfa
from nfa_theory.predict.course.network_series import NetworkSeries, Training, expand_flow, ptf_covariances, velocity
from numerics import Parameters

BEYOND = 2
"""Orders that are computed beyond those that are used."""
_HALVINGS = 6
_NODES = 8  # at which the velocity is averaged over time


class NetworkCourse(NamedTuple):
    """The series of one network.

    Parameters
    ----------
    c_nfa, uc_nfa : (order + 1 + BEYOND, depth) array
        Taylor coefficients.
    initial_uc_nfa : (depth,) array
        UC-NFA at initialization in closed form.
    growth : float
        Ratio of the last two coefficients of the weights, in the layer where it is largest.
    weights : NetworkSeries
        The weights.
    """

    c_nfa: Any
    uc_nfa: Any
    initial_uc_nfa: Any
    growth: float
    weights: NetworkSeries


def expand_course(training: Training, start: Parameters, order: int) -> NetworkCourse:
    """Expand both alignments of every hidden layer."""
    top = order + BEYOND
    weights = expand_flow(training, start, top + 1)
    shorter = NetworkSeries([W[:-1] for W in weights.weights], [b[:-1] for b in weights.biases])
    K = ptf_covariances(training, shorter)
    layers = range(training.net.depth)
    c_nfa = [alignment(weights.weights[i][1:], K[i], i + 1) for i in layers]
    uc_nfa = [alignment(shorter.weights[i], K[i], i + 1) for i in layers]
    initial = [initial_uc_nfa(K[i][0], training.net.widths[i]) for i in layers]
    sizes = [[float(np.linalg.norm(W[j])) for j in (top, top + 1)] for W in weights.weights]
    growth = max(last / before if before > 0 else 0.0 for before, last in sizes)
    return NetworkCourse(np.array(c_nfa).T, np.array(uc_nfa).T, np.array(initial), growth, weights)


def polynomial(coefficients: Any, times: Shaped[Any, "T"]) -> Shaped[Any, "T depth"]:
    """Evaluate Taylor polynomials."""
    return np.vander(times, len(coefficients), increasing=True) @ coefficients


def trusted_time(beyond: Any, growth: float, order: int, tolerance: float) -> float:
    """Find the time at which the estimate of what is left out reaches the tolerance.

    Examples
    --------
    >>> round(trusted_time([8.0, 0.0], 0.0, 2, 1e-3), 6)
    0.05
    """

    def excess(time: float) -> float:
        left_out = beyond[0] * time ** (order + 1) + beyond[1] * time ** (order + 2)
        return float(left_out - tolerance * (1 - growth * time))

    sizes = zip(beyond, (order + 1, order + 2), strict=True)
    bounds = [(tolerance / each) ** (1 / power) for each, power in sizes if each] + ([1 / growth] if growth else [])
    if not bounds:
        return np.inf
    longest = min(bounds)
    if not longest > 0:  # a coefficient beyond all numbers
        return 0.0
    return float(brentq(excess, 0.0, longest, xtol=1e-12 * longest))


def kink_effects(training: Training, course: NetworkCourse, order: int, time: float) -> tuple[Any, Any]:
    """Compute what the kinks that are crossed do to the alignments of one network, to first order in time.

    One more of Picard's iterations, with the slopes as they are: the velocity at the weights of the series is averaged
    over the time passed, by the midpoint rule, and the alignments are taken at the weights that it leads to.
    """
    start = course.weights.at(0.0)
    changes = _average_velocity(training, course.weights, time)

    def moved(values: list[Any], rates: tuple[Any, ...]) -> list[Any]:
        return [[W[0] + time * V] for W, V in zip(values, rates, strict=True)]

    here = NetworkSeries(moved(start.weights, changes.weights), moved(start.biases, changes.biases))
    K = ptf_covariances(training, here)
    layers = range(training.net.depth)
    c_nfa = [alignment([changes.weights[i]], K[i], i + 1)[0] for i in layers]
    uc_nfa = [alignment(here.weights[i], K[i], i + 1)[0] for i in layers]
    without = [polynomial(each[: order + 1], np.array([time]))[0] for each in (course.c_nfa, course.uc_nfa)]
    return np.array(c_nfa) - without[0], np.array(uc_nfa) - without[1]


def _average_velocity(training: Training, weights: NetworkSeries, time: float) -> Parameters:
    """Average the velocity along the series over the time passed."""
    total: list[Any] = [0.0] * (len(weights.weights) + len(weights.biases))
    for node in range(_NODES):
        rate = velocity(training, weights.at(time * (node + 0.5) / _NODES))
        both = (*rate.weights, *rate.biases)
        total = [each + V[0] / _NODES for each, V in zip(total, both, strict=True)]
    return Parameters(tuple(total[: len(weights.weights)]), tuple(total[len(weights.weights) :]))


def time_before_kinks(
    trainings: list[Training], courses: list[NetworkCourse], order: int, tolerance: float, until: Shaped[Any, "2 depth"]
) -> Shaped[Any, "2 depth"]:
    """Shorten the trusted times by the kinks."""
    longest = until[np.isfinite(until)].max()
    good, open_ = np.zeros_like(until), np.ones(until.shape, dtype=bool)
    for time in longest * 2.0 ** np.arange(-_HALVINGS, 1):
        pairs = zip(trainings, courses, strict=True)
        sizes = np.mean([np.abs(kink_effects(training, course, order, time)) for training, course in pairs], axis=0)
        open_ &= sizes <= tolerance
        if not open_.any():
            break
        good[open_] = time
    return np.minimum(good, until)
