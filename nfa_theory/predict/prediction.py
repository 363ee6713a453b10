"""`predict_alignment`: the early C-NFA of every layer from the data and the architecture."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nfa_theory.predict.limit.batches import batch_limits
from nfa_theory.predict.limit.directions import TopDirections, top_directions
from nfa_theory.predict.limit.exact import limit_traces
from nfa_theory.predict.limit.random_function import correction
from nfa_theory.predict.limit.subsets import subset_limits
from nfa_theory.predict.problem.checks import whole_number
from nfa_theory.predict.problem.problem import Problem, read_problem
from nfa_theory.predict.width.finite_width import finite_width
from nfa_theory.predict.width.moments import FiniteWidth
from numerics import MLP, InputError
from numerics.data.prepare import prepare
from numerics.errors import unknown

METHODS = ("auto", "exact", "subsets")
EXACT = 10_000
"""Up to so many samples all pairs are taken."""


@dataclass(frozen=True, repr=False, eq=False)
class AlignmentPrediction:
    """A predicted alignment by layer.

    Parameters
    ----------
    limit : (depth,) array
        C-NFA of hidden layers 1, ..., depth at infinite width as ``t -> 0``, float64.
    limit_error : (depth,) array
        Standard error of `limit`: zero unless it is an average over random initial functions or batches, or an
        estimate from subsets.
    layers : tuple of int
        The layers, 1 to depth.
    config : dict
        The network, the number of samples, and what was asked for.
    at_finite_width : callable
        Estimates what `mean` and its companions return.
    dimensions : (depth, 2) array, optional
        How many directions ``F_c`` and ``G_c`` of every layer spread over at infinite width: the participation ratios
        ``tr(M)^2 / tr(M^2)`` of the leading order, of their means if the initial function is random. From subsets they
        are estimates without a standard error; with batches or without samples there are none.
    find_directions : callable, optional
        Computes what `directions` returns, given how many.
    """

    limit: Any
    limit_error: Any
    layers: tuple[int, ...]
    config: dict[str, Any]
    at_finite_width: Callable[[], FiniteWidth]
    dimensions: Any = None
    find_directions: Callable[[int], TopDirections] | None = None

    @cached_property
    def _moments(self) -> FiniteWidth:
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.at_finite_width()
        return FiniteWidth(*(_frozen(values) for values in vars(found).values()))

    @property
    def mean(self) -> Any:
        """Mean over initializations at the network's widths, (depth,); estimated when it is first asked for."""
        return self._moments.mean

    @property
    def mean_error(self) -> Any:
        """Standard error of `mean`, (depth,)."""
        return self._moments.mean_error

    @property
    def std(self) -> Any:
        """Standard deviation over initializations at the network's widths, (depth,), estimated with `mean`."""
        return self._moments.std

    @property
    def std_error(self) -> Any:
        """Standard error of `std`, (depth,)."""
        return self._moments.std_error

    @property
    def width_coefficient(self) -> Any:
        """Coefficient of ``1/width`` in `mean`, (1,), with one hidden layer and a fixed initial function; else NaN.

        ``mean = limit + width_coefficient / width + ...``, from closed forms or from the neurons of the networks.
        """
        return self._moments.coefficient

    @property
    def width_coefficient_error(self) -> Any:
        """Standard error of `width_coefficient`, (depth,); zero where it is a closed form."""
        return self._moments.coefficient_error

    def directions(self, count: int = 5) -> TopDirections:
        """Compute the leading eigenvectors of ``F_c`` and ``G_c`` of the first layer, in input space.

        At infinite width, for the step on all samples; of the means if the initial function is random.

        Parameters
        ----------
        count : int
            How many, from 1 to the number of inputs.

        Returns
        -------
        TopDirections
            Directions and shares of the trace. With ``method="subsets"`` they are those of an unbiased estimate.

        Raises
        ------
        InputError
            There are not so many, or the prediction was made without samples.
        """
        if self.find_directions is None:
            raise InputError("top directions need samples, got a prediction from statistics")
        return self.find_directions(whole_number("count", count, 1, self.config["widths"][0]))

    def __repr__(self) -> str:
        start = self.config["initial_function"]
        data = f"{self.config['samples']} samples" if "samples" in self.config else "from statistics"
        head = f"C-NFA as t -> 0 at infinite width, {data}, initial function {start}"
        if "batch_size" in self.config:
            head += f", batches of {self.config['batch_size']}"
        rows = (
            f"  layer {layer}: {value:.4f}" + (f" +- {error:.4f}" if error else "")
            for layer, value, error in zip(self.layers, self.limit, self.limit_error, strict=True)
        )
        return "\n".join((head, *rows))

    def _repr_html_(self) -> str:
        """Show what is known so far: moments that were not asked for are not estimated for the sake of a display."""
        from nfa_theory.display import layers_html

        columns = {"C-NFA, infinite width": (self.limit, self.limit_error)}
        if "_moments" in vars(self):
            columns |= {"mean": (self.mean, self.mean_error), "spread": (self.std, self.std_error)}
        return layers_html(repr(self).splitlines()[0], columns)

    def _repr_latex_(self) -> str:
        rows = (
            rf"\rho_{{{layer}}} = {value:.4f}" + (rf" \pm {error:.4f}" if error else "")
            for layer, value, error in zip(self.layers, self.limit, self.limit_error, strict=True)
        )
        return "$$ " + r",\quad ".join(rows) + " $$"


def predict_alignment(
    X: Any,
    Y: Any,
    net: MLP,
    initial_function: Any = None,
    *,
    loss: str = "mse",
    batch_size: int | None = None,
    method: str = "auto",
    draws: int = 16,
    networks: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
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
    X : array_like, (n, d)
        Inputs. float32 is computed in float32, anything else in float64.
    Y : array_like, (n, c) or (n,)
        Labels, one column per output, or classes.
    net : MLP
        The network. Hidden widths count only where the scaling says so: the readout of muP, biases of PyTorch.
    initial_function : {"zero", "average"} or array_like (n, c), optional
        The network's function at initialization: zero, random and averaged over, or given. By default ``"zero"`` if
        the network starts from zero exactly (``zero_initial_function``) or in the limit (muP), else ``"average"``.
        ``"average"`` is the mean of the C-NFA over the Gaussian process that a wide network starts with. It is computed
        as the C-NFA at the expected ``R R^T``, plus the mean of the difference to it over random functions on random
        subsets of at most 128 samples; for n > 128 that difference is an estimate whose dependence on n is
        neglected.
    loss : {"mse", "cross_entropy"}
        Squared error, ``R = Y - f``, or softmax cross-entropy, ``R = Y - softmax(f)``.
    batch_size : int, optional
        Samples in the first step; by default all. The prediction is then the mean over batches, drawn without
        replacement, of the C-NFA after one step; batches with vanishing residuals or inputs do not count.
    method : {"auto", "exact", "subsets"}
        How the limit is computed without batches. ``"exact"``: kernels between all pairs of samples. ``"subsets"``: an
        unbiased estimate from pairs of random subsets, with a standard error; `X` may be a memory-mapped file, of
        which only the samples that are drawn are kept. ``"auto"``: exact up to 10000 samples.
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
        ``1 / classes``. By default integers are taken as numbers, with a `DataWarning` if they look like classes.
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
        they are first asked for, see ``docs/predict.md``.

    Raises
    ------
    InputError
        Shapes do not fit, a number is not finite, there are fewer than two samples, the labels are constant or no
        probabilities for the cross-entropy, or the alignment is undefined because the residuals or the gradient
        vanish. Duplicate samples, single zero samples and more outputs than samples are data like any other.

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
    """
    data = prepare(X, Y, classes=classes, standardize=standardize, center_labels=center_labels, loss=loss)
    data.check_outputs(net.outputs)
    seed = whole_number("seed", seed, 0)
    problem = read_problem(data.X, data.Y, net, initial_function, loss, batch_size)
    method = _choose_method(method, problem.n)
    draws = whole_number("draws", draws, 2)
    if whole_number("networks", networks, 4) % 2:
        raise InputError(f"networks must be even, got {networks}")
    rng, report = np.random.default_rng(seed), progress or _silent
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is found in the result and becomes one clear line
        on_all, limit, error, dimensions = _limits(problem, method, draws, rng, report)

    def at_finite_width() -> FiniteWidth:
        return finite_width(problem, on_all, networks, np.random.default_rng([seed, 1]), report)

    def find_directions(count: int) -> TopDirections:
        return top_directions(problem, method == "subsets", count, np.random.default_rng([seed, 2]))

    return AlignmentPrediction(
        _frozen(limit),
        _frozen(error),
        tuple(range(1, net.depth + 1)),
        _config(problem, method, draws, networks, seed) | data.settings,
        at_finite_width,
        None if dimensions is None else _frozen(dimensions),
        find_directions,
    )


def _limits(
    problem: Problem, method: str, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[tuple[Any, Any], Any, Any, Any]:
    """Return the limit at the expected ``R R^T`` with its error, the mean limit with its error, and the dimensions."""
    if problem.batch_size:
        found = batch_limits(problem, draws, rng, progress)
        return found, *found, None
    if method == "subsets":
        plain, error, dimensions = subset_limits(problem, rng, progress)
    else:
        traces = limit_traces(problem, rng, progress)
        plain = np.array([each.alignment(layer) for layer, each in enumerate(traces, start=1)])
        error, dimensions = np.zeros_like(plain), [each.effective_dimensions() for each in traces]
    if problem.R is not None:
        return (plain, error), plain, error, dimensions
    shift, spread = correction(problem, draws, rng)
    return (plain, error), plain + shift, np.hypot(error, spread), dimensions


def _choose_method(method: str, n: int) -> str:
    if method not in METHODS:
        raise InputError(unknown("method", method, METHODS))
    return ("exact" if n <= EXACT else "subsets") if method == "auto" else method


def _config(problem: Problem, method: str, draws: int, networks: int, seed: int) -> dict[str, Any]:
    config = {**problem.net.config(), "samples": problem.n, "initial_function": problem.start, "loss": problem.loss}
    if problem.batch_size:
        config["batch_size"], method = problem.batch_size, "batches"
    return {**config, "method": method, "draws": draws, "networks": networks, "seed": seed}


def _frozen(values: Any) -> Any:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _silent(done: int, total: int) -> None:
    """Report nothing."""
