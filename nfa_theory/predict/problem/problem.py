"""Everything a prediction is about, read and checked once."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nfa_theory.predict.problem.checks import (
    check_activation,
    check_data,
    choose_initial_function,
    floating,
    matrix_of_outputs,
)
from nfa_theory.predict.problem.residuals import check_loss, fixed_residuals, refuse_cancelled, residuals
from numerics import MLP
from numerics.training.arguments import batch_size_up_to


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

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.Y)

    def inputs(self, chosen: Any = slice(None)) -> Any:
        """Return the inputs of some samples, in memory and in the dtype of the computation."""
        return np.asarray(self.X[chosen]).astype(self.Y.dtype, copy=False)

    def residuals_of(self, chosen: Any, f: Any) -> Any:
        """Return the residuals of some samples for a function known there."""
        return residuals(self.loss, self.Y[chosen], f)


def read_problem(X: Any, Y: Any, net: MLP, initial_function: Any, loss: str, batch_size: int | None) -> Problem:
    """Check what the caller gave."""
    check_activation(net)
    X, Y = check_data(X, Y, net)
    start = choose_initial_function(initial_function, net)
    own_function = not net.zero_initial_function if initial_function is None else _is_named(start, "average")
    loss = check_loss(loss, Y)
    f = R = None
    if not _is_named(start, "average"):
        zero = np.zeros_like(Y)
        f = zero if _is_named(start, "zero") else matrix_of_outputs("initial_function", start, Y.shape, floating(X))
        R = fixed_residuals(loss, Y, f)
    if batch_size is not None:
        batch_size = batch_size_up_to(len(Y), batch_size)
        batch_size = None if batch_size == len(Y) else batch_size
    if R is not None and batch_size is None:
        refuse_cancelled(X, R)
    return Problem(X, Y, net, loss, start if isinstance(start, str) else "given", own_function, f, R, batch_size)


def _is_named(start: Any, name: str) -> bool:
    return isinstance(start, str) and start == name
