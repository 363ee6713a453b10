"""`predict_from_statistics`: the early C-NFA of linear and quadratic networks from second moments of the data.

Linear networks see the data through ``Sigma_xx`` and ``Sigma_yx`` alone (derivation ``linear.closed_flow``),
quadratic networks with one hidden layer through ``B = Sigma_xx`` and the label-weighted moments ``A_i`` (derivation
``quadratic.leading_order``). So any samples that have these moments give the same alignment, at every width;
a few that have them are made here, and the prediction is theirs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.limit.exact import limit_at_expected_residuals
from nfa_theory.predict.prediction import AlignmentPrediction
from nfa_theory.predict.problem.checks import whole_number
from nfa_theory.predict.problem.data_statistics import ROUNDING, DataStatistics
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.width.finite_width import finite_width
from nfa_theory.predict.width.moments import FiniteWidth
from numerics import MLP, InputError


def predict_from_statistics(
    statistics: DataStatistics,
    net: MLP,
    initial_function: str | None = None,
    *,
    networks: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> AlignmentPrediction:
    """Predict the centered alignment (C-NFA, cosine) early in training without samples.

    Parameters
    ----------
    statistics : DataStatistics
        Covariances, or those of a description.
    net : MLP
        A linear network of any depth, or a quadratic one with one hidden layer; without biases.
    initial_function : {"zero", "average"}, optional
        As in `predict_alignment`. The random function of a quadratic network meets fourth moments of the inputs, so
        it must be ``"zero"``; `predict_course_from_statistics` knows them for Gaussian inputs.
    networks : int
        Random networks for the moments at finite width, an even number from 4.
    seed : int
        Decides all random numbers; the same networks are drawn as by `predict_alignment`.
    progress : callable, optional
        Called as ``progress(done, total)`` now and then.

    Returns
    -------
    AlignmentPrediction
        The same as `predict_alignment` on samples with these moments.

    Raises
    ------
    InputError
        The network needs more than second moments, or the statistics do not fit it.

    Examples
    --------
    >>> Sigma = np.diag([2.0, 1.0, 0.5])
    >>> data = DataStatistics(Sigma, label_weighted_moment=np.diag([1.0, -1.0, 0.0]))
    >>> predict_from_statistics(data, MLP((3, 64, 1), "quadratic"), "zero").limit.round(4)
    array([0.9487])
    """
    moment = needed_moment(statistics, net)
    if whole_number("networks", networks, 4) % 2:
        raise InputError(f"networks must be even, got {networks}")
    X, Y = _linear_samples(statistics) if moment == "label_covariance" else _quadratic_samples(statistics)
    problem = read_problem(X, Y, net, check_name(initial_function), "mse", None)
    if moment == "label_weighted_moment" and problem.R is None:
        raise InputError(
            'initial_function must be "zero" for a quadratic network without samples (its random function meets '
            'fourth moments of the inputs), got "average"'
        )
    report = progress or _silent
    # The limit of a linear network does not depend on the residuals, so no average over functions is needed.
    limit, error = limit_at_expected_residuals(problem, np.random.default_rng(seed), report), np.zeros(net.depth)

    def at_finite_width() -> FiniteWidth:
        rng = np.random.default_rng([seed, 1])
        return finite_width(problem, (limit, error), networks, rng, report, at_most=problem.n)

    config = {**net.config(), "initial_function": problem.start, "loss": "mse", "networks": networks, "seed": seed}
    layers = tuple(range(1, net.depth + 1))
    return AlignmentPrediction(_frozen(limit), _frozen(error), layers, config, at_finite_width)


def needed_moment(statistics: DataStatistics, net: MLP) -> str:
    """Tell which moment a network learns from, and refuse what does not fit."""
    name = net.activation.name
    if net.bias or not (name == "linear" or (name == "quadratic" and net.depth == 1)):
        biases = " with biases" if net.bias else ""
        raise InputError(
            "statistics are enough for linear networks and for quadratic ones with one hidden layer, without biases, "
            f"got {name} with {net.depth} hidden layers{biases}"
        )
    if (net.inputs, net.outputs) != (statistics.inputs, statistics.outputs):
        raise InputError(
            f"the network must have {statistics.inputs} inputs and {statistics.outputs} outputs as the statistics "
            f"have, got {net.inputs} and {net.outputs}"
        )
    moment = "label_covariance" if name == "linear" else "label_weighted_moment"
    if getattr(statistics, moment) is None:
        raise InputError(f"a {name} network needs {moment}, got statistics without it (or where it vanishes)")
    return moment


def _linear_samples(statistics: DataStatistics) -> tuple[Any, Any]:
    """Make inputs with the given covariance, and labels with the given covariance with them."""
    root, inverse_root = _roots(statistics.input_covariance)
    return _with_zero(root.T, inverse_root.T @ statistics.label_covariance.T)


def _quadratic_samples(statistics: DataStatistics) -> tuple[Any, Any]:
    """Make inputs and labels with the given moments: for each output the whitened ``A_i`` is diagonalized."""
    root, inverse_root = _roots(statistics.input_covariance)
    inputs, labels = [], []
    for i, A in enumerate(statistics.label_weighted_moment):
        strengths, directions = np.linalg.eigh(inverse_root.T @ A @ inverse_root)
        inputs.append((root @ directions).T)
        labels.append(np.outer(strengths, np.eye(statistics.outputs)[i]) * statistics.outputs)
    return _with_zero(np.concatenate(inputs), np.concatenate(labels))


def _roots(Sigma: Any) -> tuple[Any, Any]:
    """Return ``C`` (d, rank) with ``C C^T = Sigma``, and its pseudo-inverse's transpose."""
    values, vectors = np.linalg.eigh(Sigma)
    kept = values > ROUNDING * values[-1]
    values, vectors = np.sqrt(values[kept]), vectors[:, kept]
    return vectors * values, vectors / values


def _with_zero(X: Any, Y: Any) -> tuple[Any, Any]:
    """Add a sample that adds nothing to any moment, so that labels that are all equal are not constant."""
    return np.pad(X, ((0, 1), (0, 0))), np.pad(Y, ((0, 1), (0, 0)))


def check_name(initial_function: Any) -> Any:
    """Refuse an initial function that is given by its values."""
    if initial_function is not None and not isinstance(initial_function, str):
        raise InputError(f'initial_function must be "zero" or "average" without samples, got {initial_function!r}')
    return initial_function


def _frozen(values: Any) -> Any:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _silent(done: int, total: int) -> None:
    """Report nothing."""
