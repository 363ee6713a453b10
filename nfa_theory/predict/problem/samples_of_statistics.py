"""A few samples that have given second moments, which is all that linear and quadratic networks see of the data.

Linear networks see the data through ``Sigma_xx`` and ``Sigma_yx`` alone (derivation ``linear.closed_flow``),
quadratic networks with one hidden layer through ``B = Sigma_xx`` and the label-weighted moments ``A_i`` (derivation
``quadratic.leading_order``). So any samples that have these moments give the same alignment, at every width.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.problem.data_statistics import ROUNDING, DataStatistics
from numerics import MLP, InputError


def samples_of(statistics: DataStatistics, net: MLP) -> tuple[Float[np.ndarray, "m d"], Float[np.ndarray, "m c"]]:
    """Make samples that have the moments which the network learns from."""
    linear = needed_moment(statistics, net) == "label_covariance"
    return _linear_samples(statistics) if linear else _quadratic_samples(statistics)


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


def check_function_name(initial_function: Any) -> None:
    """Refuse an initial function that is given by its values: there are no samples to have them."""
    if initial_function is not None and not isinstance(initial_function, str):
        raise InputError(f'initial_function must be "zero" or "average" without samples, got {initial_function!r}')


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


def _roots(Sigma: Float[np.ndarray, "d d"]) -> tuple[Float[np.ndarray, "d rank"], Float[np.ndarray, "d rank"]]:
    """Return ``C`` with ``C C^T = Sigma``, and its pseudo-inverse's transpose."""
    values, vectors = np.linalg.eigh(Sigma)
    kept = values > ROUNDING * values[-1]
    values, vectors = np.sqrt(values[kept]), vectors[:, kept]
    return vectors * values, vectors / values


def _with_zero(X: Float[np.ndarray, "m d"], Y: Float[np.ndarray, "m c"]) -> tuple[Any, Any]:
    """Add a sample that adds nothing to any moment, so that labels that are all equal are not constant."""
    return np.pad(X, ((0, 1), (0, 0))), np.pad(Y, ((0, 1), (0, 0)))
