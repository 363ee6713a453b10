"""What a prediction of the course in time returns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.read_only import read_only


@dataclass(frozen=True, eq=False)
class AlignmentCourse:
    """One alignment in time, over initializations.

    Parameters
    ----------
    times : (T,) array
        Learning rate times steps of small steps.
    mean, mean_error : (T, depth) array
        Mean over initializations and its standard error.
    std, std_error : (T, depth) array
        Standard deviation over initializations and its standard error; with given weights both are zero.
    coefficients : (order + 1, depth) array or None
        Mean Taylor coefficients in time, where the course is a Taylor polynomial.
    trusted_time : (depth,) array
        How long the error of `mean`, other than `mean_error`, is expected to stay below the tolerance; infinite where
        the course is exact.
    """

    times: Any
    mean: Any
    mean_error: Any
    std: Any
    std_error: Any
    coefficients: Any
    trusted_time: Any

    @property
    def trusted(self) -> Any:
        """Tell at which times the course can be trusted: shape (T, depth)."""
        return self.times[:, None] <= self.trusted_time


@dataclass(frozen=True, eq=False)
class LossCourse:
    """The training loss in time.

    Parameters
    ----------
    times : (T,) array
        Learning rate times steps of small steps.
    mean, mean_error : (T,) array
        Mean over initializations and its standard error.
    """

    times: Any
    mean: Any
    mean_error: Any


@dataclass(frozen=True, eq=False)
class InfiniteWidth:
    """The course of an infinitely wide network whose features move.

    Parameters
    ----------
    c_nfa, uc_nfa : AlignmentCourse
        Alignments; the UC-NFA at time 0 is NaN, since the AGOP is zero there.
    loss : LossCourse
        The loss.
    root_width_uc_nfa : AlignmentCourse or None
        UC-NFA times the root of the width, where that has a limit (NaN in layer 1); the UC-NFA itself falls to zero.
    """

    c_nfa: AlignmentCourse
    uc_nfa: AlignmentCourse
    loss: LossCourse
    root_width_uc_nfa: AlignmentCourse | None = None


@dataclass(frozen=True, repr=False, eq=False)
class CoursePrediction:
    """The course of both alignments by layer.

    Parameters
    ----------
    times : (T,) array
        Learning rate times steps of small steps.
    layers : tuple of int
        The hidden layers, 1 to depth.
    c_nfa, uc_nfa : AlignmentCourse
        The centered and the uncentered alignment at the network's widths.
    initial_uc_nfa : (depth,) array
        UC-NFA at initialization in closed form, as if the weights of a layer were independent of its PTF covariance
        (claim ``identities.initial_uc_nfa``), averaged over the networks; `uc_nfa` at time 0 does not assume it.
    method : {"exact", "series", "mup"}
        ``"exact"``: the flow closes and is integrated; ``"series"``: Taylor polynomials; ``"mup"``: the
        feature-learning limit.
    tolerance : float
        What `AlignmentCourse.trusted_time` refers to.
    config : dict
        The network, the number of samples, and what was asked for.
    at_infinite_width : callable or None
        Computes what `limit` returns.
    loss : LossCourse or None
        The loss at the network's widths, where it is predicted (``regime`` ``"linear"`` or ``"mup"``).
    infinite_width : InfiniteWidth or None
        Alignments and loss at infinite width in the feature-learning limit.
    """

    times: Any
    layers: tuple[int, ...]
    c_nfa: AlignmentCourse
    uc_nfa: AlignmentCourse
    initial_uc_nfa: Any
    method: str
    tolerance: float
    config: dict[str, Any]
    at_infinite_width: Callable[[], tuple[Any, Any]] | None
    loss: LossCourse | None = None
    infinite_width: InfiniteWidth | None = None

    @cached_property
    def _limit(self) -> tuple[Any, Any]:
        if self.at_infinite_width is None:
            return None, None
        with np.errstate(over="ignore", invalid="ignore"):
            limit, error = self.at_infinite_width()
        return read_only(limit), read_only(error)

    @property
    def limit(self) -> Any:
        """C-NFA at infinite width, (T, depth), at all times; None where it is not known, see `predict_course`."""
        return self._limit[0]

    @property
    def limit_error(self) -> Any:
        """Standard error of `limit`, (T, depth), or None: zero unless it is an average over random functions."""
        return self._limit[1]

    def limit_of(self, name: str) -> Any:
        """Return ``"c_nfa"`` or ``"uc_nfa"`` at infinite width, (T, depth), or None."""
        if name == "c_nfa":
            return self.limit
        return None if self.infinite_width is None else self.infinite_width.uc_nfa.mean

    def __repr__(self) -> str:
        data = f"{self.config['samples']} samples" if "samples" in self.config else "from statistics"
        kinds = {"exact": "exact", "mup": "feature-learning limit"}
        kind = kinds.get(self.method) or f"Taylor polynomials of order {self.config['order']}"
        lines = [f"Course of C-NFA and UC-NFA, {kind}, {data}; time: learning rate times steps"]
        for i, layer in enumerate(self.layers):
            for name, course in (("C-NFA", self.c_nfa), ("UC-NFA", self.uc_nfa)):
                until = course.trusted_time[i]
                trust = "at all times" if np.isinf(until) else f"trusted to {self.tolerance:g} until t = {until:.3g}"
                first = f"{course.mean[0, i]:.4f} +- {course.mean_error[0, i]:.4f} at t = {self.times[0]:g}"
                lines.append(f"  layer {layer} {name}: {first}, {trust}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from nfa_theory.display import course_html

        return course_html(self)


def over_networks(
    times: Shaped[Any, "T"],
    values: Shaped[Any, "networks T depth"],
    coefficients: Any = None,
    trusted_time: Shaped[Any, "depth"] = None,
) -> AlignmentCourse:
    """Take moments over networks."""
    count, _, depth = values.shape
    mean = values.mean(axis=0)
    std = mean_error = std_error = np.zeros_like(mean)
    if count > 1:
        std = values.std(axis=0, ddof=1)
        mean_error = std / np.sqrt(count)
        left_out = [np.delete(values, i, axis=0).std(axis=0, ddof=1) for i in range(count)]
        std_error = np.sqrt((count - 1) * np.var(left_out, axis=0))
    until = np.full(depth, np.inf) if trusted_time is None else trusted_time
    terms = None if coefficients is None else read_only(coefficients.mean(axis=0))
    moments = {"mean": mean, "mean_error": mean_error, "std": std, "std_error": std_error}
    frozen = {name: read_only(each) for name, each in moments.items()}
    return AlignmentCourse(times, **frozen, coefficients=terms, trusted_time=read_only(until))
