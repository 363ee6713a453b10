"""`predict_course_from_statistics`: C-NFA and UC-NFA in time from second moments of the data alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.course.linear_flow import LinearFlow
from nfa_theory.predict.course.networks import together
from nfa_theory.predict.course.prediction import read_times
from nfa_theory.predict.course.quadratic_flow import QuadraticFlow
from nfa_theory.predict.course.result import CoursePrediction
from nfa_theory.predict.from_statistics import check_name, needed_moment
from nfa_theory.predict.problem.checks import choose_initial_function, whole_number
from nfa_theory.predict.problem.data_statistics import DataStatistics
from numerics import MLP, InputError


def predict_course_from_statistics(
    statistics: DataStatistics,
    net: MLP,
    times: Any,
    initial_function: str | None = None,
    *,
    networks: int = 16,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> CoursePrediction:
    """Predict the course of C-NFA and UC-NFA (cosines) without samples, exactly at all times.

    Parameters
    ----------
    statistics : DataStatistics
        Covariances, or those of a description. A quadratic network needs Gaussian inputs: later residuals meet their
        fourth moments.
    net : MLP
        A linear network of any depth, or a quadratic one with one hidden layer; without biases.
    times : array_like (T,)
        Increasing, from 0, as in `predict_course`.
    initial_function : {"zero", "average"}, optional
        As in `predict_course`.
    networks : int
        Random networks, at least 3.
    seed : int
        Decides all random numbers; the same networks are drawn as by `predict_course`.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    CoursePrediction
        Without a limit of infinite width. The loss is the average over the data, or over the description.

    Raises
    ------
    InputError
        As in `predict_from_statistics` and `predict_course`.

    Examples
    --------
    >>> data = DataStatistics(np.diag([2.0, 1.0]), label_covariance=[[1.0, 0.0], [0.0, 0.5]])
    >>> course = predict_course_from_statistics(data, MLP((2, 32, 2), "linear"), [0.0, 10.0], "zero")
    >>> course.c_nfa.mean.round(2)
    array([[0.99],
           [0.98]])
    """
    times, moment = read_times(times), needed_moment(statistics, net)
    if moment == "label_weighted_moment" and not statistics.gaussian:
        raise InputError("the course of a quadratic network needs Gaussian inputs, got statistics with gaussian=False")
    networks, rng = whole_number("networks", networks, 3), np.random.default_rng([seed, 1])
    start = choose_initial_function(check_name(initial_function), net)
    own = not net.zero_initial_function if initial_function is None else start == "average"
    kind: Any = LinearFlow if moment == "label_covariance" else QuadraticFlow
    labels, found = getattr(statistics, moment), []
    for done in range(1, networks + 1):
        flow = kind.of(net, net.initialize(rng), statistics.input_covariance, labels, own)
        found.append(flow.course(times))
        if progress is not None:
            progress(done, networks)
    config = {**net.config(), "initial_function": start, "networks": networks, "seed": seed}
    layers = tuple(range(1, net.depth + 1))
    return CoursePrediction(times, layers, *together(times, found), "exact", 0.0, config, None)
