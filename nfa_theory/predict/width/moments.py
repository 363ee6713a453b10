"""Mean and standard deviation over random networks, with standard errors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.statistics.jackknife import jackknife


@dataclass(frozen=True)
class FiniteWidth:
    """Moments over initializations by layer, with standard errors.

    Parameters
    ----------
    mean, mean_error, std, std_error : (depth,) array
        Of the C-NFA, float64.
    coefficient, coefficient_error : (depth,) array
        The mean is ``limit + coefficient / width``, and more that falls faster; NaN where it is not known.
    """

    mean: Float[np.ndarray, " depth"]
    mean_error: Float[np.ndarray, " depth"]
    std: Float[np.ndarray, " depth"]
    std_error: Float[np.ndarray, " depth"]
    coefficient: Float[np.ndarray, " depth"]
    coefficient_error: Float[np.ndarray, " depth"]


def moments(networks: Float[np.ndarray, "networks depth"]) -> FiniteWidth:
    """Take the moments of independent networks on the same samples."""
    spread = jackknife(lambda kept: networks[kept].std(axis=0, ddof=1), len(networks))
    return _without_coefficient(*mean_and_error(networks), *spread)


def moments_of_groups(groups: Float[np.ndarray, "groups members values depth"], left_out: float) -> FiniteWidth:
    """Take the moments of groups of networks, each group on a part of the samples of its own.

    The values are those of `alignments_on_part`. What a part adds to the variance over networks is twice as large on a
    half of it, and is taken away, but for a quarter of the variance that is left in any case.
    """
    means = groups[:, :, 1].mean(axis=1)
    variances = groups.var(axis=1, ddof=1)  # (groups, values, depth)

    def std(kept: Any) -> Any:
        here = variances[kept].mean(axis=0)
        on_part, on_halves = here[0], here[2:].mean(axis=0)
        return np.sqrt(np.maximum(on_part + left_out * (on_part - on_halves), on_part / 4))

    return _without_coefficient(*mean_and_error(means), *jackknife(std, len(groups)))


def mean_and_error(values: Float[np.ndarray, "m ..."]) -> tuple[Any, Any]:
    """Average independent values."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _without_coefficient(
    mean: Float[np.ndarray, " depth"],
    mean_error: Float[np.ndarray, " depth"],
    std: Float[np.ndarray, " depth"],
    std_error: Float[np.ndarray, " depth"],
) -> FiniteWidth:
    """Put moments together where the coefficient of ``1 / width`` is not known."""
    unknown = np.full(len(mean), np.nan)
    return FiniteWidth(mean, mean_error, std, std_error, unknown, unknown)
