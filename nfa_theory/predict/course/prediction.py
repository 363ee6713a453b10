"""`predict_course`: C-NFA and UC-NFA of every layer in time, and how long the prediction can be trusted."""

from typing import Any, overload

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.course.closed_flows import flows_of_samples, flows_of_statistics, integrated
from nfa_theory.predict.course.feature_learning.course import feature_learning_course
from nfa_theory.predict.course.lazy_limit import has_limit, limit_course
from nfa_theory.predict.course.networks import check_residuals, taylor
from nfa_theory.predict.course.result import CoursePrediction
from nfa_theory.predict.course.wide_linear import wide_linear_course
from nfa_theory.predict.problem.checks import check_dense, whole_number
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.problem import prepare_samples, read_problem, takes_statistics
from nfa_theory.predict.progress import Progress, silent
from nfa_theory.predict.read_only import read_only
from numerics import MLP, InputError, Parameters
from numerics.checks import one_of, require_real

REGIMES = ("early", "linear", "mup")


@overload
def predict_course(
    X: DataStatistics,
    net: MLP,
    times: Any,
    initial_function: str | None = None,
    *,
    regime: str = "early",
    weight_decay: float = 0.0,
    initial_weights: Any = None,
    networks: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CoursePrediction: ...
@overload
def predict_course(
    X: Any,
    Y: Any,
    net: MLP,
    times: Any,
    initial_function: Any = None,
    *,
    regime: str = "early",
    loss: str = "mse",
    weight_decay: float = 0.0,
    initial_weights: Any = None,
    order: int = 2,
    tolerance: float = 0.01,
    networks: int | None = None,
    draws: int = 16,
    steps: int = 40,
    seed: int = 0,
    progress: Progress | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> CoursePrediction: ...
@takes_statistics
def predict_course(
    X: Any,
    Y: Any,
    net: MLP,
    times: Any,
    initial_function: Any = None,
    *,
    regime: str = "early",
    loss: str = "mse",
    weight_decay: float = 0.0,
    initial_weights: Any = None,
    order: int = 2,
    tolerance: float = 0.01,
    networks: int | None = None,
    draws: int = 16,
    steps: int = 40,
    seed: int = 0,
    progress: Progress | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> CoursePrediction:
    """Predict the course of C-NFA and UC-NFA (cosines) of every hidden layer.

    Gradient flow of all parameters on the average loss, or descent with small steps, on all samples or on batches;
    time is the learning rate times the steps. At the network's widths the course is that of random networks whose
    flow is expanded, or integrated where it closes; at infinite width it follows from kernels.

    Parameters
    ----------
    X : array_like, (n, d), or DataStatistics
        Inputs; the computation is in float64. ``predict_course(statistics, net, times, ...)`` needs no samples, as in
        `predict_alignment`, and is exact at all times. A quadratic network then needs Gaussian inputs: later residuals
        meet their fourth moments.
    Y : array_like, (n, c) or (n,)
        Labels. There are none beside statistics.
    net : MLP
        The network.
    times : array_like (T,)
        Increasing, from 0. The C-NFA at time 0 is the limit ``t -> 0``, the UC-NFA that at initialization.
    initial_function : {"zero", "average"} or array_like (n, c), optional
        As in `predict_alignment`.
    regime : {"early", "linear", "mup"}
        ``"early"``: the course that starts at initialization, as long as it can be trusted; ``"linear"``: all of
        training of a linear network with one hidden layer, Gaussian initial weights and no biases, at its width (at a
        cost that does not depend on it) and for the start that random layers tend to as the width grows; ``"mup"``:
        all of training of a network with ``parametrization="mup"``, one hidden layer or two of one width, Gaussian
        initial weights and no biases, at its width and in the feature-learning limit, for any activation.
    loss : {"mse", "cross_entropy"}
        ``|y - f|^2 / 2`` of each sample, or softmax cross-entropy.
    weight_decay : float
        Lambda of the penalty ``(lambda / 2) sum_l |W_l|^2`` on the raw weights, not on biases, as in `simulate`; not
        with ``regime="mup"``.
    initial_weights : Parameters or sequence of array, optional
        The course from these weights instead of an average over random ones.
    order : int
        Highest power of time of the Taylor polynomials; linear networks need none.
    tolerance : float
        Error of an alignment up to which the course is trusted.
    networks : int, optional
        Random networks, at least 3; by default 16, with ``regime="linear"`` 64, and with ``regime="mup"`` as many as
        16384 neurons make, 4 to 256.
    draws : int
        Random functions for the limit at ``"average"``, at least 2.
    steps : int
        Steps of descent to the last time, in which two hidden layers are followed with ``regime="mup"``; `times` are
        some of them.
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
        weights, without samples, and for more than 2000 of them. With ``regime="mup"`` it is that of the
        feature-learning limit; `infinite_width` has UC-NFA and loss there too, and `loss` the loss at the width.

    Raises
    ------
    InputError
        As in `predict_alignment`, or the times do not increase from 0, or a number is out of its range.

    Notes
    -----
    *Linear networks* are exact at all times (derivation ``linear.closed_flow``). With one hidden layer and no biases
    only the products of their layers count, so that wide ones cost no more than narrow ones (``training.agop_of_nfm``);
    ``regime="linear"`` draws these products, which are Wishart matrices. *Others*
    are expanded by power series through forward pass, softmax (cross-entropy) and backward pass, so that a prediction
    of order 2 has an error of third order in time.
    *Activations with kinks* (ReLU, leaky ReLU): the series of a network holds exactly until its first pre-activation
    crosses zero. Later kinks change the course at first order in time. That change is computed to first order and
    added, so that what is left is of second order; the trusted time ends where the change reaches the tolerance.
    *Feature learning* (``regime="mup"``): at infinite width neurons are particles that know of each other through the
    network's function alone, and their flow is integrated; directions outside the span of the inputs, in which no
    weight moves, are averaged over exactly. A network of width k is k independent such particles, plus the mean effect
    that its own fluctuating function has on it, of order 1/k, from a few networks that are followed with residuals of
    their own. Bordelon and Pehlevan (arXiv 2205.09653) follow such limits of networks of any depth.
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
    >>> data = DataStatistics(np.diag([2.0, 1.0]), label_covariance=[[1.0, 0.0], [0.0, 0.5]])
    >>> predict_course(data, MLP((2, 32, 2), "linear"), [0.0, 10.0], "zero").c_nfa.mean.round(2)
    array([[0.99],
           [0.98]])
    """
    check_dense("predict_course", net)
    times = read_times(times)
    order = whole_number("order", order, 0, 6)
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"tolerance must be positive, got {tolerance}")
    if networks is not None:
        networks = whole_number("networks", networks, 3)
    draws, seed = whole_number("draws", draws, 2), whole_number("seed", seed, 0)
    steps = whole_number("steps", steps, 1)
    weight_decay = require_real("weight_decay", weight_decay, least=0)
    report = progress or silent
    data = prepare_samples(X, Y, net, loss, classes=classes, standardize=standardize, center_labels=center_labels)
    if isinstance(X, DataStatistics) and loss != "mse":
        raise InputError(f"statistics go with squared error, got loss={loss!r}")
    if one_of("regime", regime, REGIMES) == "linear":
        if initial_weights is not None:
            raise InputError('regime="linear" averages over random networks, got initial_weights')
        return wide_linear_course(
            data, net, times, initial_function, loss, weight_decay, tolerance, networks, seed, report
        )
    if regime == "mup":
        if weight_decay:
            raise InputError(f'regime="mup" goes without weight decay, got weight_decay={weight_decay:g}')
        if isinstance(X, DataStatistics) or initial_weights is not None:
            got = "initial_weights" if initial_weights is not None else "statistics"
            raise InputError(f'regime="mup" averages over random networks on samples, got {got}')
        return feature_learning_course(
            data, net, times, initial_function, loss, tolerance, networks, steps, seed, report
        )
    networks = 16 if networks is None else networks
    starts = _starts(net, initial_weights, networks, np.random.default_rng([seed, 1]))
    config = {**net.config(), "loss": loss, "networks": len(starts), "seed": seed}
    if weight_decay:
        config["weight_decay"] = weight_decay
    layers = tuple(range(1, net.depth + 1))
    if isinstance(X, DataStatistics):
        flow_of, config["initial_function"] = flows_of_statistics(X, net, initial_function, weight_decay)
        courses = integrated(flow_of, starts, times, report)
        return CoursePrediction(times, layers, *courses, "exact", tolerance, config, None)
    problem = read_problem(np.asarray(data.X), data.Y, net, initial_function, loss)
    config |= {"samples": problem.n, "initial_function": problem.start, "draws": draws} | data.settings
    if initial_weights is not None:
        check_residuals(problem, starts[0])
    exact = net.activation.name == "linear"
    with np.errstate(over="ignore", invalid="ignore"):
        if exact:
            courses = integrated(flows_of_samples(problem, weight_decay), starts, times, report)
        else:
            config["order"] = order
            courses = taylor(problem, starts, times, order, tolerance, report, weight_decay)

    def at_infinite_width() -> tuple[Any, Any]:
        return limit_course(problem, times, draws, np.random.default_rng([seed, 2]))

    known = initial_weights is None and not weight_decay and has_limit(problem)
    limit = at_infinite_width if known else None
    return CoursePrediction(times, layers, *courses, "exact" if exact else "series", tolerance, config, limit)


def read_times(times: Any) -> Float[np.ndarray, " T"]:
    """Check the times of a course."""
    try:
        found = np.array(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"times must be numbers from 0, got {times!r}") from None
    if found.ndim != 1 or not found.size:
        raise InputError(f"times must have shape (T,) with at least one time, got {found.shape}")
    if not np.isfinite(found).all() or found[0] < 0 or (np.diff(found) <= 0).any():
        raise InputError(f"times must be finite, increase and start from 0 or later, got {found.tolist()}")
    return read_only(found)


def _starts(net: MLP, initial_weights: Any, networks: int, rng: np.random.Generator) -> list[Parameters]:
    if initial_weights is None:
        return [net.initialize(rng) for _ in range(networks)]
    given = net.parameters(initial_weights, np.zeros(1))
    if not all(np.isfinite(each).all() for each in (*given.weights, *given.biases)):
        raise InputError("initial_weights must be finite, got values that are not")
    return [given]
