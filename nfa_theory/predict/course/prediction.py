"""`predict_course`: C-NFA and UC-NFA of every layer in time, and how long the prediction can be trusted."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.course.lazy_limit import has_limit, limit_course
from nfa_theory.predict.course.networks import check_residuals, integrated, taylor
from nfa_theory.predict.course.result import CoursePrediction
from nfa_theory.predict.problem.checks import whole_number
from nfa_theory.predict.problem.problem import Problem, read_problem
from numerics import MLP, InputError, Parameters
from numerics.data.prepare import prepare


def predict_course(
    X: Any,
    Y: Any,
    net: MLP,
    times: Any,
    initial_function: Any = None,
    *,
    loss: str = "mse",
    initial_weights: Any = None,
    order: int = 2,
    tolerance: float = 0.01,
    networks: int = 16,
    draws: int = 16,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> CoursePrediction:
    """Predict the early course of C-NFA and UC-NFA (cosines) of every hidden layer.

    Gradient flow of all parameters on the average loss, or descent with small steps, on all samples or on batches;
    time is the learning rate times the steps. At the network's widths the course is that of random networks whose
    flow is expanded, or integrated where it closes; at infinite width it follows from kernels.

    Parameters
    ----------
    X, Y : array_like, (n, d) and (n, c)
        Inputs and labels. The computation is in float64.
    net : MLP
        The network.
    times : array_like (T,)
        Increasing, from 0. The C-NFA at time 0 is the limit ``t -> 0``, the UC-NFA that at initialization.
    initial_function : {"zero", "average"} or array_like (n, c), optional
        As in `predict_alignment`.
    loss : {"mse", "cross_entropy"}
        ``|y - f|^2 / 2`` of each sample, or softmax cross-entropy.
    initial_weights : Parameters or sequence of array, optional
        The course from these weights instead of an average over random ones.
    order : int
        Highest power of time of the Taylor polynomials; linear networks with squared error need none.
    tolerance : float
        Error of an alignment up to which the course is trusted.
    networks : int
        Random networks, at least 3.
    draws : int
        Random functions for the limit at ``"average"``, at least 2.
    seed : int
        Decides all random numbers.
    progress : callable, optional
        Called as ``progress(done, total)`` now and then.
    classes, standardize, center_labels : optional
        How labels and inputs are taken, as in `predict_alignment`.

    Returns
    -------
    CoursePrediction
        With `c_nfa` and `uc_nfa` at the network's widths. `limit`, the C-NFA at infinite width at all times, is
        computed when it is first asked for; it is None in muP, where the features of a wide network move, for given
        weights, and for more than 2000 samples.

    Raises
    ------
    InputError
        As in `predict_alignment`, or the times do not increase from 0, or a number is out of its range.

    Notes
    -----
    *Linear networks* with squared error are exact at all times (derivation ``linear.closed_flow``). *Others*
    are expanded by power series through forward pass, softmax (cross-entropy) and backward pass, so that a prediction
    of order 2 has an error of third order in time.
    *Activations with kinks* (ReLU, leaky ReLU): the series of a network holds exactly until its first pre-activation
    crosses zero. Later kinks change the course at first order in time. That change is computed to first order and
    added, so that what is left is of second order; the trusted time ends where the change reaches the tolerance.
    *Infinite width*: derivations ``wide.lazy_course`` and ``wide.lazy_course_any_loss``, for kinks too.
    *Batches* need no prediction of their own: to leading order in the step an epoch equals its steps on all samples
    (``early.epoch``), so that the deviation of descent on batches falls with the learning rate.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((20, 4))
    >>> course = predict_course(X, X[:, :1] * X[:, 1:2], MLP((4, 64, 1), "erf"), [0.0, 0.5], "zero")
    >>> course.limit.round(3)
    array([[0.983],
           [0.979]])
    """
    times = read_times(times)
    order = whole_number("order", order, 0, 6)
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"tolerance must be positive, got {tolerance}")
    networks, draws = whole_number("networks", networks, 3), whole_number("draws", draws, 2)
    data = prepare(X, Y, classes=classes, standardize=standardize, center_labels=center_labels, loss=loss)
    data.check_outputs(net.outputs)
    seed = whole_number("seed", seed, 0)
    problem = read_problem(np.asarray(data.X), data.Y, net, initial_function, loss, None)
    starts = _starts(problem, initial_weights, networks, np.random.default_rng([seed, 1]))
    if initial_weights is not None:
        check_residuals(problem, starts[0])
    exact, report = net.activation.name == "linear" and loss == "mse", progress or _silent
    with np.errstate(over="ignore", invalid="ignore"):
        found = (
            integrated(problem, starts, times, report)
            if exact
            else taylor(problem, starts, times, order, tolerance, report)
        )

    def at_infinite_width() -> tuple[Any, Any]:
        return limit_course(problem, times, draws, np.random.default_rng([seed, 2]))

    known = initial_weights is None and has_limit(problem)
    config = {**net.config(), "samples": problem.n, "initial_function": problem.start, "loss": loss, "seed": seed}
    config |= {"networks": len(starts), "draws": draws, **({} if exact else {"order": order})}
    config |= data.settings
    layers = tuple(range(1, net.depth + 1))
    limit = at_infinite_width if known else None
    return CoursePrediction(times, layers, *found, "exact" if exact else "series", tolerance, config, limit)


def read_times(times: Any) -> Shaped[Any, "T"]:
    """Check the times of a course."""
    try:
        found = np.array(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"times must be numbers from 0, got {times!r}") from None
    if found.ndim != 1 or not found.size:
        raise InputError(f"times must have shape (T,) with at least one time, got {found.shape}")
    if not np.isfinite(found).all() or found[0] < 0 or (np.diff(found) <= 0).any():
        raise InputError(f"times must be finite, increase and start from 0 or later, got {found.tolist()}")
    found.setflags(write=False)
    return found


def _starts(problem: Problem, initial_weights: Any, networks: int, rng: np.random.Generator) -> list[Parameters]:
    if initial_weights is None:
        return [problem.net.initialize(rng) for _ in range(networks)]
    given = problem.net.parameters(initial_weights, np.zeros(1))
    if not all(np.isfinite(each).all() for each in (*given.weights, *given.biases)):
        raise InputError("initial_weights must be finite, got values that are not")
    return [given]


def _silent(done: int, total: int) -> None:
    """Report nothing."""
