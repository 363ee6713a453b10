"""What must not matter: rotations of inputs, order and repetition of samples, units of labels, how data are given."""

import numpy as np
from hypothesis import strategies as st
from properties.agreement import agreement, refusal
from properties.motion import rate
from properties.rounding import UNIT
from properties.strategies import configurations

from nfa_theory import (
    DataStatistics,
    predict_alignment,
    predict_course,
    simulate,
)
from nfa_theory.predict.course.flow_integration import RTOL
from numerics.data.gaussian import random_rotation


def exactness(net):
    """Return how far a prediction is known: the angle between parallel samples, by the root of its rounding."""
    return np.sqrt(UNIT) if net.activation.name in ("relu", "leaky_relu") else 1e3 * UNIT


def trained(problem, X, Y, start):
    """Measure the UC-NFA after two steps of descent."""
    size = 0.01 / (rate(problem) or 1.0)
    record = simulate(
        X, Y, problem.net, steps=2, learning_rate=size, optimizer="gd", initial_weights=start, measure=[2]
    )
    return record.uc_nfa.values[0, -1]


def rotation(problem, *, turn):
    """Rotated inputs: the same prediction, and the same training of weights that are rotated too."""
    R, weights = random_rotation(problem.net.inputs, np.random.default_rng(turn)), problem.start.weights
    turned = problem.start._replace(weights=(weights[0] @ R.T, *weights[1:]))
    return same(problem, problem.X @ R.T, problem.Y, turned)


def order(problem, *, turn):
    """Samples in another order."""
    samples = np.random.default_rng(turn).permutation(len(problem.X))
    return same(problem, problem.X[samples], problem.Y[samples], problem.start)


def repetition(problem, *, turn):
    """Every sample several times."""
    return same(problem, *(np.repeat(each, 2 + turn, axis=0) for each in (problem.X, problem.Y)), problem.start)


def same(problem, X, Y, start):
    """Compare predictions on two forms of the same data, and training runs."""
    limits = [predict_alignment(*data, problem.net, "zero").limit for data in ((X, Y), (problem.X, problem.Y))]
    runs = [trained(problem, X, Y, start), trained(problem, problem.X, problem.Y, problem.start)]
    alignments = {} if np.isnan(runs).all() else {"UC-NFA": (*runs, 1e3 * UNIT)}  # undefined where all units are off
    return {"limit": (*limits, exactness(problem.net)), **alignments}


def unit_of_labels(problem, *, factor):
    """Labels in another unit, for a network that starts from zero."""
    limits = [predict_alignment(problem.X, Y, problem.net, "zero").limit for Y in (factor * problem.Y, problem.Y)]
    return {"limit": (*limits, exactness(problem.net))}


def statistics(problem):
    """Predictions from samples, and from the moments that these samples have."""
    X, Y, net = problem.X, problem.Y, problem.net
    moments = DataStatistics.from_samples(X, Y, quadratic=net.activation.name == "quadratic")
    limits = [predict_alignment(moments, net, "zero").limit, predict_alignment(X, Y, net, "zero").limit]
    return {"limit": (*limits, np.sqrt(UNIT))}


def course_from_statistics(problem):
    """The course of linear networks from samples, and from the moments that these samples have."""
    X, Y, net, times = problem.X, problem.Y, problem.net, [0.0, 0.1]
    moments = DataStatistics.from_samples(X, Y)
    runs = [
        predict_course(moments, net, times, "zero", networks=3),
        predict_course(X, Y, net, times, "zero", networks=3),
    ]
    pairs = {name: [getattr(run, name).mean for run in runs] for name in ("c_nfa", "uc_nfa")}
    return {name: (*means, 100 * RTOL) for name, means in pairs.items()}


SMOOTH_ENOUGH = st.sampled_from(("linear", "relu", "tanh", "erf", "sin", "gelu", "quadratic", "leaky_relu:0.25"))
NETS = {"activations": SMOOTH_ENOUGH, "parametrizations": st.sampled_from(("ntk", "lecun", "he"))}
TURNED = configurations(**NETS, turn=st.integers(0, 3))
SCALED = configurations(**NETS, factor=st.sampled_from((2, -1, 0.5)))
PLAIN = {**NETS, "bias": st.just(False)}
MOMENTS = configurations(**{**PLAIN, "activations": st.just("linear")}) | configurations(
    **{**PLAIN, "activations": st.just("quadratic")}, depth=st.just(1)
)
LINEAR = configurations(**{**PLAIN, "activations": st.just("linear")})

test_rotation = agreement(rotation, TURNED, share=0.2)
test_rotation_refuses = refusal(rotation, TURNED)
test_order = agreement(order, TURNED, share=0.2)
test_order_refuses = refusal(order, TURNED)
test_repetition = agreement(repetition, TURNED, share=0.2)
test_repetition_refuses = refusal(repetition, TURNED)
test_unit_of_labels = agreement(unit_of_labels, SCALED, share=0.2)
test_unit_of_labels_refuses = refusal(unit_of_labels, SCALED)
test_statistics = agreement(statistics, MOMENTS, share=0.2)
test_statistics_refuses = refusal(statistics, MOMENTS)
test_course_from_statistics = agreement(course_from_statistics, LINEAR, share=0.2)
test_course_from_statistics_refuses = refusal(course_from_statistics, LINEAR)
