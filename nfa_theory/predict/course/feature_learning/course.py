"""`predict_course` in the feature-learning limit: what it takes, and what it returns."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.feature_learning.one_hidden_layer import Followed, follow, networks_of
from nfa_theory.predict.course.result import (
    AlignmentCourse,
    CoursePrediction,
    InfiniteWidth,
    LossCourse,
    over_networks,
)
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.progress import Progress
from nfa_theory.predict.read_only import read_only
from numerics import MLP, InputError
from numerics.data.prepare import Prepared

READOUTS = ("gaussian", "uniform", "signs")
"""Distributions of a readout whose entries are independent."""


def feature_learning_course(
    data: Prepared,
    net: MLP,
    times: Float[np.ndarray, " T"],
    initial_function: Any,
    loss: str,
    tolerance: float,
    networks: int | None,
    seed: int,
    report: Progress,
) -> CoursePrediction:
    """Predict all of training of a network in muP."""
    check_network(net, initial_function)
    problem = read_problem(np.asarray(data.X), data.Y, net, "zero", loss, any_activation=True)
    X, Y = problem.inputs().astype(np.float64), problem.Y.astype(np.float64)
    count = networks_of(net.widths[1], networks)
    found = follow(X, Y, net, loss, times, count, np.random.default_rng([seed, 3]), report)
    config = {**net.config(), "loss": loss, "networks": count, "seed": seed, "samples": problem.n, "regime": "mup"}
    config |= {"initial_function": "zero"} | data.settings
    return _prediction(found, times, tolerance, config)


def check_network(net: MLP, initial_function: Any) -> None:
    """Refuse networks whose limit is not this one."""
    if net.parametrization != "mup":
        raise InputError(
            'regime="mup" needs a network with parametrization="mup" (in others the features of a wide network stand '
            f"still), got {net.parametrization!r}"
        )
    if net.depth != 1:
        raise InputError(f'regime="mup" needs one hidden layer, got {net.depth}')
    if net.bias:
        raise InputError(
            'regime="mup" needs a network without biases (that of the readout learns at once), got bias=True'
        )
    if net.initialization != "gaussian" or net.readout not in READOUTS:
        raise InputError(
            'regime="mup" needs initialization="gaussian" and a readout with independent entries '
            f"({', '.join(READOUTS)}), got {net.initialization!r} and {net.readout!r}"
        )
    if not (initial_function is None or (isinstance(initial_function, str) and initial_function == "zero")):
        raise InputError(f'regime="mup" starts at the function "zero", got initial_function={initial_function!r}')


def _prediction(found: Followed, times: Any, tolerance: float, config: dict[str, Any]) -> CoursePrediction:
    mean, error = found.alignments()
    spread = over_networks(times, found.driven)
    own = {"mean": mean, "mean_error": error, "std": spread.std, "std_error": spread.std_error}
    wide = {"mean": found.limit[:, :2], "mean_error": found.limit_error[:, :2]}
    loss = LossCourse(times, *map(read_only, found.loss()))
    wide_loss = LossCourse(times, read_only(found.limit[:, 2]), read_only(found.limit_error[:, 2]))
    limit = InfiniteWidth(_course(times, 0, wide), _course(times, 1, wide), wide_loss)
    return CoursePrediction(
        times,
        (1,),
        _course(times, 0, own),
        _course(times, 1, own),
        read_only([found.initial_uc_nfa]),
        "mup",
        tolerance,
        config,
        lambda: (limit.c_nfa.mean, limit.c_nfa.mean_error),
        loss,
        limit,
    )


def _course(times: Any, column: int, moments: dict[str, Any]) -> AlignmentCourse:
    zero = np.zeros((len(times), 1))
    names = ("mean", "mean_error", "std", "std_error")
    of_layer = {name: moments[name][:, [column]] if name in moments else zero for name in names}
    frozen = {name: read_only(each) for name, each in of_layer.items()}
    return AlignmentCourse(times, **frozen, coefficients=None, trusted_time=read_only([np.inf]))
