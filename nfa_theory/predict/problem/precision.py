"""Numbers of float32 have room for data of a usual size; what is far from it is computed in float64."""

from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.between_groups import LimitError, PairKernels
from nfa_theory.predict.problem.checks import pieces
from nfa_theory.predict.problem.problem import Problem
from numerics.data.notes import note

ROOM = 1e8
"""Kernels that are so much larger or smaller than 1 leave few digits to their products, which have four factors."""


def in_room(problem: Problem) -> Problem:
    """Return the problem, in float64 if its kernels would leave the range of float32; that is said."""
    if problem.Y.dtype != np.float32 or _fits(problem):
        return problem
    note("the scale of X and Y takes kernels out of the range of float32: computed in float64")
    wide: dict[str, Any] = {name: _wide(getattr(problem, name)) for name in ("Y", "f", "R")}
    return replace(problem, **wide)


def _wide(array: Any) -> Any:
    return None if array is None else array.astype(np.float64)


def _fits(problem: Problem) -> bool:
    """Judge by the largest input, in every layer: what is much smaller adds nothing."""
    largest = max(np.square(problem.inputs(rows), dtype=np.float64).mean(axis=1).max() for rows in pieces(problem.X))
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            kernels = PairKernels(np.sqrt([[largest]]), problem.net)
            variances = np.concatenate([*kernels.diagonals()[0], kernels.function_variance])
        except LimitError:
            return False
        own = float(kernels.function_variance[0]) if problem.R is None else 0.0
        residual = float(np.square(problem.Y if problem.R is None else problem.R, dtype=np.float64).max()) + own
        sizes = np.append(variances, variances * residual)
    return bool((sizes < ROOM).all() and (sizes > 1 / ROOM).all())
