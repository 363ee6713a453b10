"""The courses of random networks put together, as Taylor polynomials."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.course.activation_series import has_kinks
from nfa_theory.predict.course.closed_flows import Courses
from nfa_theory.predict.course.network_series import NetworkSeries, Training, forward
from nfa_theory.predict.course.result import over_networks
from nfa_theory.predict.course.series import (
    NetworkCourse,
    expand_course,
    kink_effects,
    polynomial,
    time_before_kinks,
    trusted_time,
)
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.problem.residuals import fixed_residuals, refuse_cancelled
from nfa_theory.predict.progress import Progress
from numerics import Parameters


def taylor(
    problem: Problem,
    starts: list[Parameters],
    times: Shaped[Any, "T"],
    order: int,
    tolerance: float,
    report: Progress,
    weight_decay: float = 0.0,
) -> Courses:
    """Expand the flow of each network, and estimate how long the polynomials hold."""
    kinked = has_kinks(problem.net.activation)
    X, trainings, courses = problem.inputs().astype(np.float64, copy=False), [], []
    for done, start in enumerate(starts, start=1):
        trainings.append(replace(_training(problem, X, start), weight_decay=weight_decay))
        course = expand_course(trainings[-1], start, order)
        courses.append(course if kinked else course._replace(weights=NetworkSeries([], [])))  # only kinks need them
        report(done, len(starts))
    until = np.array([_trusted(courses, name, order, tolerance) for name in ("c_nfa", "uc_nfa")])
    values = [np.array([polynomial(each.c_nfa[: order + 1], times) for each in courses])]
    values += [np.array([polynomial(each.uc_nfa[: order + 1], times) for each in courses])]
    if kinked:
        until = time_before_kinks(trainings, courses, order, tolerance, until)
        for i in np.flatnonzero((times > 0) & (times <= until.max())):
            pairs = zip(trainings, courses, strict=True)
            effects = np.array([kink_effects(training, course, order, times[i]) for training, course in pairs])
            values[0][:, i] += effects[:, 0]
            values[1][:, i] += effects[:, 1]
    found = [
        over_networks(times, values[i], np.array([getattr(each, name)[: order + 1] for each in courses]), until[i])
        for i, name in enumerate(("c_nfa", "uc_nfa"))
    ]
    return found[0], found[1], np.mean([course.initial_uc_nfa for course in courses], axis=0)


def check_residuals(problem: Problem, start: Parameters) -> None:
    """Refuse weights whose own function fits the labels."""
    if problem.has_own_function:
        X = problem.inputs().astype(np.float64, copy=False)
        f = _outputs(Training(problem.net, X, problem.Y), start)
        refuse_cancelled(X, fixed_residuals(problem.loss, problem.Y.astype(np.float64), f))


def _outputs(training: Training, start: Parameters) -> Any:
    return forward(training, NetworkSeries([[W] for W in start.weights], [[b] for b in start.biases]))[2][0]


def _training(problem: Problem, X: Any, start: Parameters) -> Training:
    training = Training(problem.net, X, problem.Y.astype(np.float64), problem.loss)
    if problem.has_own_function:
        return training
    return replace(training, shift=problem.f.astype(np.float64) - _outputs(training, start))


def _trusted(courses: list[NetworkCourse], name: str, order: int, tolerance: float) -> Any:
    sizes = np.mean([np.abs(getattr(course, name)[order + 1 :]) for course in courses], axis=0)
    growth = max(course.growth for course in courses)
    return np.array([trusted_time(column, growth, order, tolerance) for column in sizes.T])
