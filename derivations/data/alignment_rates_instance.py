"""The defect of the alignment, expanded and averaged in the entries of the fluctuation: the judge of the rates."""

from functools import cache
from typing import Any, Final

import sympy

from derivations.judging.fluctuations import entries, moments, relative_alignment
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.termwise import TermwiseValue

SIZE: Final = 5
COUNTS: Final = ((7, 11), (12, 8), (9, 9), (10, 13))
"""Numbers of neurons and of samples: both occur in the second power below at most."""


@cache
def _labels() -> sympy.Matrix:
    """Draw ``A``, with a factor of many digits that makes its traces numbers in general position."""
    return integer_matrix(SIZE, SIZE, seed=1, symmetric=True) * drawn(1)


@cache
def value_at(neurons: int, samples: int) -> TermwiseValue:
    """Return what inserts the instance, with a fluctuation ``S`` of ``M`` for the defect."""
    if (neurons, samples) != COUNTS[0]:
        return value_at(*COUNTS[0]).with_scalars(k=neurons, n=samples)
    labels, fluctuation = _labels(), integer_matrix(SIZE, SIZE, seed=2, symmetric=True)
    scalars = {"k": neurons, "n": samples, "d": SIZE, "L": (labels**4).trace()}
    return TermwiseValue({"A": labels, "S": fluctuation, **scalars})


@cache
def averaged_defect() -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """Return the defect at the fluctuation; its mean and variance where ``S`` has the covariance of one neuron.

    The alignment is 1 and stationary at ``S = 0``: the variance is that of the second order.
    """

    def features(M: Any, constant: Any) -> tuple[Any, Any]:
        a = constant(_labels())
        return a * M * a, a * M * M * a

    alignment = relative_alignment(features, SIZE, 2)
    S = value_at(*COUNTS[0]).values["S"]
    here = alignment[2].as_expr().subs({f"x{i}{j}": S[i, j] for i, j in entries(SIZE)})
    mean, variance = moments(alignment, SIZE)
    return -here, -mean[0], variance[1]
