"""Moments of one hidden layer over initializations: ``limit + b/k`` from single neurons, the rest from networks.

From each network's alignment its response to the fluctuation of the averages over neurons is subtracted: the first
order, whose mean is zero, and of the second order the part between different neurons, whose mean is zero too. What is
left has the mean of the alignment, without a truncation, and scatters by ``k^(-3/2)`` instead of ``k^(-1/2)``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.closed_correction import closed_correction
from nfa_theory.predict.width.moments import FiniteWidth, mean_and_error
from nfa_theory.predict.width.neuron_averages import NeuronAverages
from nfa_theory.predict.width.random_network import draw, early_alignments
from nfa_theory.statistics.jackknife import jackknife


def one_hidden_layer(
    problem: Problem,
    averages: NeuronAverages,
    networks: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations."""
    rows = []
    for i in range(networks):
        rows.append(_one_network(problem, averages, rng))
        progress(i + 1, networks)
    value, first, second, bias, spread = np.array(rows).T
    closed, k = closed_correction(problem), problem.net.widths[1]
    if closed is not None:
        bias[:], spread[:] = closed
    mean, mean_error = mean_and_error(value - averages.limit * (first + second - bias / k))
    coefficient, coefficient_error = mean_and_error(averages.limit * bias)

    def std(kept: Any) -> Any:
        """Replace the sampled variance of the first order by the known one."""
        sampled, of_first = value[kept].var(ddof=1), (averages.limit * first[kept]).var(ddof=1)
        known = averages.limit**2 * spread[kept].mean() / k
        variance = sampled - of_first + known
        return np.sqrt(variance if variance > 0 else sampled)

    found = (mean, mean_error, *jackknife(std, networks), coefficient, coefficient_error)
    return FiniteWidth(*(np.atleast_1d(each).astype(np.float64) for each in found))


def _one_network(problem: Problem, averages: NeuronAverages, rng: np.random.Generator) -> tuple[float, ...]:
    """Return the alignment, its two responses, and what the single neurons say about bias and spread."""
    drawn = draw(problem, rng)
    (value,) = early_alignments(drawn, np.ones(problem.n, problem.Y.dtype))
    network, neurons = averages.responses(drawn.readout, drawn.slopes[0])
    return value, network.first, network.second, float(neurons.second.mean()), float((neurons.first**2).mean())
