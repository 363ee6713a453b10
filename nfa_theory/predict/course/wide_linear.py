"""All of training of two-layer linear networks from a random start, at a cost that does not depend on the width.

Gradient flow multiplies the stacked layers ``Q = [W1^T; W2]`` from the left, whatever the loss, so that only ``Q Q^T``
counts at the start. At the network's own width that is a Wishart matrix; as the width grows it becomes diagonal
(derivations ``training.agop_of_nfm`` and ``training.mode_course``).
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.closed_flows import FlowOf, flows_of_samples, flows_of_statistics
from nfa_theory.predict.course.linear_flow import LinearFlow
from nfa_theory.predict.course.result import CoursePrediction, InfiniteWidth, LossCourse, over_networks
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.progress import Progress
from nfa_theory.predict.read_only import read_only
from numerics import MLP, InputError, Parameters
from numerics.data.prepare import Prepared

NETWORKS = 64
"""Random networks, unless another number is asked for."""


def wide_linear_course(
    data: Prepared,
    net: MLP,
    times: Float[np.ndarray, " T"],
    initial_function: Any,
    loss: str,
    weight_decay: float,
    tolerance: float,
    networks: int | None,
    seed: int,
    report: Progress,
) -> CoursePrediction:
    """Predict all of training of a linear network with one hidden layer."""
    check_network(net)
    config = {**net.config(), "loss": loss, "seed": seed, "regime": "linear", "weight_decay": weight_decay}
    if isinstance(data.X, DataStatistics):
        flow_of, config["initial_function"] = flows_of_statistics(data.X, net, initial_function, weight_decay)
    else:
        problem = read_problem(np.asarray(data.X), data.Y, net, initial_function, loss)
        flow_of = flows_of_samples(problem, weight_decay)
        config |= {"samples": problem.n, "initial_function": problem.start} | data.settings
    config["networks"] = NETWORKS if networks is None else networks
    rng = np.random.default_rng([seed, 4])
    starts = [random_start(net, rng) for _ in range(config["networks"])]
    found = []
    for done, start in enumerate([wide_start(net), *starts]):
        found.append(_follow(flow_of, start, times))
        report(done, len(starts))
    (limit, own) = ([np.array(each) for each in zip(*part, strict=True)] for part in (found[:1], found[1:]))
    losses = [_loss_course(times, each[2]) for each in (limit, own)]
    wide = InfiniteWidth(over_networks(times, limit[0]), over_networks(times, limit[1]), losses[0])
    courses = over_networks(times, own[0]), over_networks(times, own[1])

    def at_infinite_width() -> tuple[Any, Any]:
        return wide.c_nfa.mean, wide.c_nfa.mean_error

    initial = read_only(own[3].mean(axis=0))
    return CoursePrediction(
        times, (1,), *courses, initial, "exact", tolerance, config, at_infinite_width, losses[1], wide
    )


def check_network(net: MLP) -> None:
    """Refuse networks that are not followed here."""
    if net.activation.name != "linear" or net.depth != 1 or net.bias:
        raise InputError(
            'regime="linear" needs a linear network with one hidden layer and no biases, got '
            f"activation={net.activation.name!r}, {net.depth} hidden layers, bias={net.bias}"
        )
    if net.initialization != "gaussian" or net.readout != "gaussian":
        raise InputError(
            f'regime="linear" needs initialization="gaussian", got {net.initialization!r} and {net.readout!r}'
        )


def random_start(net: MLP, rng: np.random.Generator) -> Parameters:
    """Draw few neurons with the same products as the Gaussian ones of a network: Bartlett's triangular factor."""
    width, size = net.widths[1], net.inputs + net.outputs
    factor = np.triu(rng.standard_normal((min(width, size), size)), 1)
    diagonal = np.arange(len(factor))
    factor[diagonal, diagonal] = np.sqrt(rng.chisquare(width - diagonal))
    return _parameters(net, factor)


def wide_start(net: MLP) -> Parameters:
    """Take the start that random ones tend to as the width grows: jointly orthogonal layers."""
    return _parameters(net, np.sqrt(net.widths[1]) * np.eye(net.inputs + net.outputs))


def _parameters(net: MLP, factor: Float[np.ndarray, "r size"]) -> Parameters:
    first, readout = (net.scaling(layer).weight_std for layer in (1, 2))
    return Parameters((first * factor[:, : net.inputs], readout * factor[:, net.inputs :].T), ())


def _follow(flow_of: FlowOf, start: Parameters, times: Float[np.ndarray, " T"]) -> tuple[Any, Any, Any, Any]:
    """Return C-NFA, UC-NFA, losses and the UC-NFA at initialization in closed form of one network."""
    flow = flow_of(start)
    if not isinstance(flow, LinearFlow):
        raise TypeError(f"a linear network must have a linear flow, got {type(flow).__name__}")
    changes = flow.changes(times)
    return *flow.alignments(changes, times), flow.losses(changes), flow.initial_uc_nfa()


def _loss_course(times: Float[np.ndarray, " T"], losses: Float[np.ndarray, "networks T"]) -> LossCourse:
    """Average losses, which are NaN where nothing but moments of the labels with the inputs is known."""
    error = losses.std(axis=0, ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else np.zeros_like(losses[0])
    return LossCourse(times, read_only(losses.mean(axis=0)), read_only(error))
