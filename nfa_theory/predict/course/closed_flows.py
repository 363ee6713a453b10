"""Flows that close over second moments of the data: taken from samples or given, and integrated, not expanded."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.linear_flow import LinearFlow
from nfa_theory.predict.course.linear_pull import CrossEntropy, Moments, Pull
from nfa_theory.predict.course.quadratic_flow import QuadraticFlow
from nfa_theory.predict.course.result import AlignmentCourse, over_networks
from nfa_theory.predict.problem.checks import choose_initial_function
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.problem.samples_of_statistics import check_function_name, needed_moment
from nfa_theory.predict.progress import Progress
from numerics import MLP, InputError, Parameters

Courses: TypeAlias = tuple[AlignmentCourse, AlignmentCourse, Float[np.ndarray, " depth"]]
"""C-NFA, UC-NFA, and the initial UC-NFA in closed form."""
FlowOf: TypeAlias = Callable[[Parameters], LinearFlow | QuadraticFlow]
"""Writes a network with these weights as a flow."""


def flows_of_samples(problem: Problem, weight_decay: float = 0.0) -> FlowOf:
    """Take from samples what linear networks see of them; a bias sees an input that is always 1."""
    X, Y = problem.inputs().astype(np.float64), problem.Y.astype(np.float64)
    own = problem.has_own_function
    if problem.net.bias:
        X = np.column_stack([X, np.ones(len(X))])
    xx = X.T @ X / len(X)
    pull: Pull
    if problem.loss == "mse":
        labels = Y if own else problem.R.astype(np.float64)
        pull = Moments(xx, labels.T @ X / len(X), float(np.sum(labels**2)) / len(X))
    else:
        pull = CrossEntropy(X, Y, np.zeros_like(Y) if own else problem.f.astype(np.float64))
    return lambda start: LinearFlow.of(problem.net, start, xx, pull, own, weight_decay)


def flows_of_statistics(
    statistics: DataStatistics, net: MLP, initial_function: Any, weight_decay: float = 0.0
) -> tuple[FlowOf, str]:
    """Take the moments as they are given; return the name of the initial function too."""
    moment = needed_moment(statistics, net)
    if moment == "label_weighted_moment" and not statistics.gaussian:
        raise InputError("the course of a quadratic network needs Gaussian inputs, got statistics with gaussian=False")
    check_function_name(initial_function)
    name = choose_initial_function(initial_function, net)
    own = not net.zero_initial_function if initial_function is None else name == "average"
    Sigma, labels = statistics.input_covariance, getattr(statistics, moment)
    if moment == "label_covariance":
        return lambda start: LinearFlow.of(net, start, Sigma, Moments(Sigma, labels), own, weight_decay), name
    return lambda start: QuadraticFlow.of(net, start, Sigma, labels, own, weight_decay), name


def integrated(flow_of: FlowOf, starts: list[Parameters], times: Float[np.ndarray, " T"], report: Progress) -> Courses:
    """Integrate the flow of each network and put the courses together."""
    found = []
    for done, start in enumerate(starts, start=1):
        found.append(flow_of(start).course(times))
        report(done, len(starts))
    c_nfa, uc_nfa, initial = (np.array(each) for each in zip(*found, strict=True))
    return over_networks(times, c_nfa), over_networks(times, uc_nfa), initial.mean(axis=0)
