"""Everything a prediction is about, read and checked once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from nfa_theory.predict.problem.checks import (
    check_data,
    choose_initial_function,
    floating,
    matrix_of_outputs,
)
from nfa_theory.predict.problem.data_statistics import DataStatistics
from nfa_theory.predict.problem.residuals import check_loss, fixed_residuals, refuse_cancelled, residuals
from nfa_theory.predict.problem.samples_of_statistics import check_function_name, needed_moment, samples_of
from numerics import MLP, ConvNet, InputError
from numerics.data.prepare import Prepared, prepare
from numerics.training.arguments import batch_size_up_to

Result = TypeVar("Result")


@dataclass(frozen=True)
class Problem:
    """Data, network, and what its first step is like.

    Parameters
    ----------
    X : (n, d) array
        Inputs of any dtype, perhaps a memory-mapped file.
    Y : (n, c) array
        Labels, of the dtype of the computation.
    net : MLP
        The network.
    loss : {"mse", "cross_entropy"}
        The loss.
    start : {"zero", "average", "given"}
        The network's function at initialization, in the limit of infinite width.
    own_function : bool
        Whether a network of finite width starts with its own random function.
    f, R : (n, c) array or None
        Function at initialization and its residuals, if the function is fixed.
    batch_size : int or None
        Samples in the first step; None for all.
    described : bool
        Whether the samples only stand for second moments that were given.
    """

    X: Any
    Y: Any
    net: MLP
    loss: str
    start: str
    own_function: bool
    f: Any
    R: Any
    batch_size: int | None
    described: bool = False

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.Y)

    @property
    def has_own_function(self) -> bool:
        """Whether a drawn network's residuals are those of its own function."""
        return self.own_function or self.R is None

    def inputs(self, chosen: Any = slice(None)) -> Any:
        """Return the inputs of some samples, in memory and in the dtype of the computation."""
        return np.asarray(self.X[chosen]).astype(self.Y.dtype, copy=False)

    def residuals_of(self, chosen: Any, f: Any) -> Any:
        """Return the residuals of some samples for a function known there."""
        return residuals(self.loss, self.Y[chosen], f)


@dataclass(frozen=True)
class ConvProblem(Problem):
    """The same about a convolutional network."""

    net: ConvNet  # type: ignore[assignment]


def read_problem(
    X: Any, Y: Any, net: MLP | ConvNet, initial_function: Any, loss: str = "mse", batch_size: int | None = None
) -> Problem:
    """Check what the caller gave: inputs and labels, or a `DataStatistics` and None."""
    described = isinstance(X, DataStatistics)
    if described:
        if isinstance(net, ConvNet):
            raise InputError("a ConvNet is predicted from images, got statistics")
        moment = needed_moment(X, net)
        check_function_name(initial_function)
        if (loss, batch_size) != ("mse", None):
            raise InputError(
                f"statistics go with squared error on all data, got loss={loss!r} and batch_size={batch_size}"
            )
        X, Y = samples_of(X, net)
    X, Y = check_data(X, Y, net)
    start = choose_initial_function(initial_function, net)
    own_function = not net.zero_initial_function if initial_function is None else _is_named(start, "average")
    loss = check_loss(loss, Y)
    f = R = None
    if not _is_named(start, "average"):
        zero = np.zeros_like(Y)
        f = zero if _is_named(start, "zero") else matrix_of_outputs("initial_function", start, Y.shape, floating(X))
        R = fixed_residuals(loss, Y, f)
    elif described and moment == "label_weighted_moment":
        raise InputError(
            'initial_function must be "zero" for a quadratic network without samples (its random function meets '
            'fourth moments of the inputs), got "average"'
        )
    if batch_size is not None:
        batch_size = batch_size_up_to(len(Y), batch_size)
        batch_size = None if batch_size == len(Y) else batch_size
    if R is not None and batch_size is None:
        refuse_cancelled(X, R)
    name = start if isinstance(start, str) else "given"
    kind: Any = ConvProblem if isinstance(net, ConvNet) else Problem
    return kind(X, Y, net, loss, name, own_function, f, R, batch_size, described)  # type: ignore[no-any-return]


def prepare_samples(X: Any, Y: Any, net: MLP | ConvNet, loss: str, **habits: Any) -> Prepared:
    """Read inputs and labels as they come, for a network with an output for each class; statistics are ready."""
    if not isinstance(X, DataStatistics):
        data = prepare(X, Y, loss=loss, **habits)
        data.check_outputs(net.outputs)
        return data
    wrong = [name for name, value in habits.items() if value is not None]
    if wrong:
        raise InputError(f"statistics are taken as they are, got {', '.join(wrong)}")
    return Prepared(X, Y)


def takes_statistics(predict: Callable[..., Result]) -> Callable[..., Result]:
    """Let a prediction be asked for with a `DataStatistics` in place of X and Y: it comes as X, with None as Y."""

    @wraps(predict)
    def from_either(*data: Any, **options: Any) -> Result:
        if data and isinstance(data[0], DataStatistics) and data[1:2] != (None,):
            data = (data[0], None, *data[1:])
        return predict(*data, **options)

    return from_either


def _is_named(start: Any, name: str) -> bool:
    return isinstance(start, str) and start == name
