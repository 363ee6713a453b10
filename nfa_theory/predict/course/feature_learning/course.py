"""`predict_course` in the feature-learning limit: what it takes, and what it returns."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.feature_learning import one_hidden_layer, two_hidden_layers
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
    steps: int,
    seed: int,
    report: Progress,
) -> CoursePrediction:
    """Predict all of training of a network in muP."""
    check_network(net, initial_function)
    problem = read_problem(np.asarray(data.X), data.Y, net, "zero", loss)
    X, Y = problem.inputs().astype(np.float64), problem.Y.astype(np.float64)
    config = {**net.config(), "loss": loss, "seed": seed, "samples": problem.n, "regime": "mup"}
    config |= {"initial_function": "zero"} | data.settings
    arguments, rng = (X, Y, net, loss, times), np.random.default_rng([seed, 3])
    if net.depth == 1:
        config["networks"] = one_hidden_layer.networks_of(net.widths[1], networks)
        found = one_hidden_layer.follow(*arguments, config["networks"], rng, report)
        return CoursePrediction(times, (1,), *_of_one_layer(found, times, tolerance, config))
    config["steps"] = steps
    followed = two_hidden_layers.follow(*arguments, check_steps(times, steps), rng, report)
    return CoursePrediction(times, (1, 2), *_of_two_layers(followed, times, net.widths[1], tolerance, config))


def check_steps(times: Float[np.ndarray, " T"], steps: int) -> int:
    """Refuse times that are not reached by whole steps."""
    counts = times / (times[-1] or 1.0) * steps
    wrong = np.flatnonzero(abs(counts - np.rint(counts)) > 1e-6)
    if len(wrong):
        raise InputError(
            f"with two hidden layers times must be multiples of the last one over steps, {times[-1] / steps:g}, got "
            f"{times[wrong[0]]:g}; other steps fit other times"
        )
    return steps


def check_network(net: MLP, initial_function: Any) -> None:
    """Refuse networks whose limit is not this one."""
    if net.parametrization != "mup":
        raise InputError(
            'regime="mup" needs a network with parametrization="mup" (in others the features of a wide network stand '
            f"still), got {net.parametrization!r}"
        )
    if net.depth > 2 or len(set(net.widths[1:-1])) > 1:
        widths = ", ".join(map(str, net.widths[1:-1]))
        raise InputError(f'regime="mup" needs one hidden layer, or two of one width, got widths {widths}')
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


def _of_one_layer(
    found: one_hidden_layer.Followed, times: Any, tolerance: float, config: dict[str, Any]
) -> tuple[Any, ...]:
    mean, error = found.alignments()
    spread = over_networks(times, found.driven)
    own = {"mean": mean, "mean_error": error, "std": spread.std, "std_error": spread.std_error}
    wide = {"mean": found.limit[:, :2], "mean_error": found.limit_error[:, :2]}
    loss = LossCourse(times, *map(read_only, found.loss()))
    wide_loss = LossCourse(times, read_only(found.limit[:, 2]), read_only(found.limit_error[:, 2]))
    limit = InfiniteWidth(_course(times, [0], wide), _course(times, [1], wide), wide_loss)
    own_courses = (_course(times, [0], own), _course(times, [1], own))
    return *own_courses, *_rest([found.initial_uc_nfa], tolerance, config, loss, limit)


def _of_two_layers(
    found: two_hidden_layers.Followed, times: Any, width: int, tolerance: float, config: dict[str, Any]
) -> tuple[Any, ...]:
    c_nfa, loss = _averaged(times, found.c_nfa), LossCourse(times, *map(read_only, _mean(found.loss)))
    scaled, error = _mean(found.uc_nfa)
    # The inner products of the gradients that make the AGOP have variances of order 1/width, which adds to its norm.
    second = found.uc_nfa[:, :, 1] / np.sqrt(width + 1 + found.directions)
    columns = zip(_mean(found.own_uc_nfa), _mean(second), strict=True)
    own = dict(zip(("mean", "mean_error"), (np.column_stack(each) for each in columns), strict=True))
    wide = {"mean": scaled * [1, 0], "mean_error": error * [1, 0]}
    root_width = {"mean": scaled * [np.nan, 1], "mean_error": error * [np.nan, 1]}
    limit = InfiniteWidth(c_nfa, _course(times, [0, 1], wide), loss, _course(times, [0, 1], root_width))
    initial = own["mean"][0] if times[0] == 0 else np.full(2, np.nan)
    return c_nfa, _course(times, [0, 1], own), *_rest(initial, tolerance, config, loss, limit)


def _rest(initial: Any, tolerance: float, config: dict[str, Any], loss: LossCourse, limit: InfiniteWidth) -> Any:
    def at_infinite_width() -> tuple[Any, Any]:
        return limit.c_nfa.mean, limit.c_nfa.mean_error

    return read_only(initial), "mup", tolerance, config, at_infinite_width, loss, limit


def _mean(values: Float[np.ndarray, "R ..."]) -> tuple[Any, Any]:
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _averaged(times: Any, values: Float[np.ndarray, "R T 2"]) -> AlignmentCourse:
    mean, error = _mean(values)
    return _course(times, [0, 1], {"mean": mean, "mean_error": error})


def _course(times: Any, columns: list[int], moments: dict[str, Any]) -> AlignmentCourse:
    zero = np.zeros((len(times), len(columns)))
    names = ("mean", "mean_error", "std", "std_error")
    of_layers = {name: moments[name][:, columns] if name in moments else zero for name in names}
    frozen = {name: read_only(each) for name, each in of_layers.items()}
    until = np.full(len(columns), np.inf)
    return AlignmentCourse(times, **frozen, coefficients=None, trusted_time=read_only(until))
