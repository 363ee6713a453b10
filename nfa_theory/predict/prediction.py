"""`predict_alignment`: the early C-NFA of every layer from the data and the architecture."""

from typing import Any, overload

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.first_step.limits import check_first_step, first_step_limits
from nfa_theory.predict.first_step.networks import step_alignments
from nfa_theory.predict.kernels.between_groups import LimitError
from nfa_theory.predict.limit.batches import batch_limits
from nfa_theory.predict.limit.directions import TopDirections, top_directions
from nfa_theory.predict.limit.exact import limit_traces
from nfa_theory.predict.limit.random_function import correction
from nfa_theory.predict.limit.subsets import subset_limits
from nfa_theory.predict.problem.checks import whole_number
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.precision import in_room
from nfa_theory.predict.problem.problem import ConvProblem, Problem, prepare_samples, read_problem, takes_statistics
from nfa_theory.predict.progress import Progress, silent
from nfa_theory.predict.read_only import read_only
from nfa_theory.predict.result import AlignmentPrediction
from nfa_theory.predict.width.finite_width import finite_width, repeated
from nfa_theory.predict.width.moments import FiniteWidth, moments
from numerics import MLP, ConvNet, InputError
from numerics.checks import one_of
from numerics.errors import unknown

OPTIMIZERS = ("descent", "sign", "muon")
METHODS = ("auto", "exact", "subsets")
EXACT = 10_000
"""Up to so many samples all pairs are taken."""


@overload
def predict_alignment(
    X: DataStatistics,
    net: MLP,
    initial_function: str | None = None,
    *,
    networks: int = 32,
    seed: int = 0,
    progress: Progress | None = None,
) -> AlignmentPrediction: ...
@overload
def predict_alignment(
    X: Any,
    Y: Any,
    net: MLP | ConvNet,
    initial_function: Any = None,
    *,
    loss: str = "mse",
    batch_size: int | None = None,
    optimizer: str = "descent",
    method: str = "auto",
    draws: int = 16,
    networks: int = 32,
    seed: int = 0,
    progress: Progress | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> AlignmentPrediction: ...
@takes_statistics
def predict_alignment(
    X: Any,
    Y: Any,
    net: MLP | ConvNet,
    initial_function: Any = None,
    *,
    loss: str = "mse",
    batch_size: int | None = None,
    optimizer: str = "descent",
    method: str = "auto",
    draws: int = 16,
    networks: int = 32,
    seed: int = 0,
    progress: Progress | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> AlignmentPrediction:
    """Predict the centered alignment (C-NFA, cosine) of every hidden layer early in training.

    Gradient descent or flow as ``t -> 0``, infinitely wide hidden layers with Gaussian initial weights. With other
    weights (uniform, orthogonal, signs) the limit is the same if the inputs are many. Biases enter through the
    kernels; the centered features are those of the weights alone.

    Parameters
    ----------
    X : array_like, (n, d), or DataStatistics
        Inputs. float32 is computed in float32, unless their scale is far from 1, which is said; anything else in
        float64. ``predict_alignment(statistics, net, ...)`` needs no samples, for a linear network of any depth and for
        a quadratic one with one hidden layer, without biases: it gives what samples with these moments would give.
    Y : array_like, (n, c) or (n,)
        Labels, one column per output, or classes. There are none beside statistics.
    net : MLP or ConvNet
        The network. Hidden widths count only where the scaling says so: the readout of muP, biases of PyTorch. With a
        ConvNet a row is a position of a sample, see ``docs/convolution.md``.
    initial_function : {"zero", "average"} or array_like (n, c), optional
        The network's function at initialization: zero, random and averaged over, or given. By default ``"zero"`` if
        the network starts from zero exactly (``zero_initial_function``) or in the limit (muP), else ``"average"``.
        ``"average"`` is the mean of the C-NFA over the Gaussian process that a wide network starts with. It is computed
        as the C-NFA at the expected ``R R^T``, plus the mean of the difference to it over random functions on random
        subsets of at most 128 samples; for n > 128 that difference is an estimate whose dependence on n is
        neglected. A quadratic network without samples must start from ``"zero"``: its random function meets fourth
        moments of the inputs (`predict_course` knows them for Gaussian inputs).
    loss : {"mse", "cross_entropy"}
        Squared error, ``R = Y - f``, or softmax cross-entropy, ``R = Y - softmax(f)``.
    batch_size : int, optional
        Samples in the first step; by default all. The prediction is then the mean over batches, drawn without
        replacement, of the C-NFA after one step; batches with vanishing residuals or inputs do not count.
    optimizer : {"descent", "sign", "muon"}
        Whose first step: that of gradient descent, with or without momentum; of sign descent, which is Adam's; or of
        Muon with the exact polar factor. The last two take all of at most 4096 samples; for signs, and for random
        functions, the limit is a mean over `draws` with a standard error.
    method : {"auto", "exact", "subsets"}
        How the limit is computed without batches. ``"exact"``: kernels between all pairs of samples. ``"subsets"``: an
        unbiased estimate from pairs of random subsets, with a standard error; `X` may be a memory-mapped file, of
        which only the samples that are drawn are kept. ``"auto"``: exact up to 10000 samples, or 4000 rows
        of a ConvNet.
    draws : int
        Random functions of ``"average"``, or random batches, at least 2.
    networks : int
        Random networks for the moments at finite width, an even number from 4.
    seed : int
        Decides all random numbers.
    progress : callable, optional
        Called as ``progress(done, total)`` now and then.
    classes : bool, optional
        Take labels as classes: integers of any values, text, or one-hot rows; the targets are one-hot minus
        ``1 / classes``. By default integers are numbers, but classes for the cross-entropy, with a
        `DataWarning` if they look like classes.
    standardize : {"none", "columns", "pixels", "unit_sphere"}
        Scale the inputs: columns of mean 0 and deviation 1, values over 255, samples of norm 1. By default nothing is
        scaled, and a `DataWarning` says if one direction dominates.
    center_labels : bool, optional
        Subtract ``1 / classes`` from one-hot labels, the mean from others; by default done to `classes`, unless the
        loss is the cross-entropy. A `DataWarning` says if the mean dominates; False says that it is meant.

    Returns
    -------
    AlignmentPrediction
        With `limit` by layer; `mean` and `std` over initializations at the network's own widths are estimated when
        they are first asked for, see ``docs/predict.md``. Where only the limit cannot be computed (its kernels
        overflow), `limit` is NaN and `limit_refused` says why.

    Raises
    ------
    InputError
        Shapes do not fit, a number is not finite, there are fewer than two samples, the labels are constant or no
        probabilities for the cross-entropy, the network needs more than the statistics tell, or the alignment is
        undefined because the residuals or the gradient vanish. Duplicate samples, single zero samples and more outputs
        than samples are data like any other.

    Notes
    -----
    Time of the exact route: of order n^3 per layer, about two and a half products of n x n matrices; its memory: less
    than three n x n arrays (from n = 2000 on). Subsets take a time that hardly depends on n, see ``docs/predict.md``.
    The formula is derived in ``derivations.early.leading_order`` and ``derivations.wide.kernels`` and holds to leading
    order in the time and in 1/width. Source: Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271, for the early
    dynamics.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> predict_alignment(X, X[:, :1] * X[:, 1:2], MLP(widths=(5, 512, 1)), "zero").limit.round(3)
    array([0.878])
    >>> data = DataStatistics(np.diag([2.0, 1.0, 0.5]), label_weighted_moment=np.diag([1.0, -1.0, 0.0]))
    >>> predict_alignment(data, MLP((3, 64, 1), "quadratic"), "zero").limit.round(4)
    array([0.9487])
    """
    seed = whole_number("seed", seed, 0)
    data = prepare_samples(X, Y, net, loss, classes=classes, standardize=standardize, center_labels=center_labels)
    problem = read_problem(data.X, data.Y, net, initial_function, loss, batch_size)
    draws = whole_number("draws", draws, 2)
    if whole_number("networks", networks, 4) % 2:
        raise InputError(f"networks must be even, got {networks}")
    rng, report = np.random.default_rng(seed), progress or silent
    if isinstance(problem, ConvProblem):
        one_of("method", method, METHODS)
        if optimizer != OPTIMIZERS[0]:
            raise InputError(f"convolutional networks are predicted for descent only, got optimizer={optimizer!r}")
        # Only now: the kernels of convolutions take a moment to import.
        from nfa_theory.predict.convolution.prediction import predict_convolutional

        return predict_convolutional(problem, method, draws, networks, seed, report, data.settings)
    method = _choose_method(method, problem)
    problem = in_room(problem)
    if one_of("optimizer", optimizer, OPTIMIZERS) != OPTIMIZERS[0]:
        check_first_step(problem, optimizer)
    refused = None
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is found in the result and becomes one clear line
        try:
            if optimizer == OPTIMIZERS[0]:
                limit, error, dimensions = _limits(problem, method, draws, rng, report)
            else:
                limit, error = first_step_limits(problem, optimizer, draws, rng, report)
                dimensions = None
        except LimitError as reason:
            limit, error, dimensions, refused = *np.full((2, net.depth), np.nan), None, str(reason)

    def at_finite_width() -> FiniteWidth:
        own = np.random.default_rng([seed, 1])
        if optimizer != OPTIMIZERS[0]:
            return moments(repeated(lambda: step_alignments(problem, optimizer, own), networks, report))
        return finite_width(problem, networks, own, report)

    def find_directions(count: int) -> TopDirections:
        return top_directions(problem, method == "subsets", count, np.random.default_rng([seed, 2]))

    return AlignmentPrediction(
        read_only(limit),
        read_only(error),
        tuple(range(1, net.depth + 1)),
        _config(problem, method, draws, networks, seed) | _first_step(optimizer) | data.settings,
        at_finite_width,
        None if dimensions is None else read_only(dimensions),
        None if problem.described or optimizer != OPTIMIZERS[0] else find_directions,
        refused,
    )


def _limits(
    problem: Problem, method: str, draws: int, rng: np.random.Generator, progress: Progress
) -> tuple[Float[np.ndarray, " depth"], Float[np.ndarray, " depth"], Any]:
    """Return the limit with its error, and the dimensions, (depth, 2) numbers or None."""
    if problem.batch_size:
        return *batch_limits(problem, draws, rng, progress), None
    if method == "subsets":
        plain, error, dimensions = subset_limits(problem, rng, progress)
    else:
        traces = limit_traces(problem, rng, progress)
        plain = np.array([each.alignment(layer) for layer, each in enumerate(traces, start=1)])
        error, dimensions = np.zeros_like(plain), [each.effective_dimensions() for each in traces]
    if problem.described:  # the limit of a linear network does not depend on the residuals
        return plain, error, None
    if problem.R is not None:
        return plain, error, dimensions
    shift, spread = correction(problem, draws, rng)
    return np.clip(plain + shift, 0, 1), np.hypot(error, spread), dimensions


def _first_step(optimizer: str) -> dict[str, str]:
    return {} if optimizer == OPTIMIZERS[0] else {"optimizer": optimizer}


def _choose_method(method: str, problem: Problem) -> str:
    if method not in METHODS:
        raise InputError(unknown("method", method, METHODS))
    if problem.described and method == "subsets":
        raise InputError("statistics have no subsets, got method='subsets'")
    return ("exact" if problem.n <= EXACT else "subsets") if method == "auto" else method


def _config(problem: Problem, method: str, draws: int, networks: int, seed: int) -> dict[str, Any]:
    config = {**problem.net.config(), "initial_function": problem.start, "loss": problem.loss}
    config |= {"networks": networks, "seed": seed}
    if problem.described:
        return config
    if problem.batch_size:
        config["batch_size"], method = problem.batch_size, "batches"
    return {**config, "samples": problem.n, "method": method, "draws": draws}
