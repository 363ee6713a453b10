"""Two-layer linear networks in exact numbers, wide starts among them, and their Taylor series under a loss.

A wide random start tends to ``W1^T W1 = s1 I``, ``W2 W2^T = s2 I``, ``W2 W1 = 0``; columns of an orthogonal matrix have
these properties exactly. Velocities are summed over samples, for two losses, with and without weight decay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy

from derivations.forms.power_series import multiply
from derivations.judging.instances import drawn, integer_matrix, orthogonal_matrix

Series = list[sympy.Matrix]


@dataclass(frozen=True)
class WideStart:
    """A network whose layers are jointly orthogonal.

    Parameters
    ----------
    W1, W2 : sympy.ImmutableMatrix
        Weights (k, d) and (c, k).
    s1, s2 : sympy.Rational
        ``W1^T W1 = s1 I`` and ``W2 W2^T = s2 I``.
    """

    W1: sympy.ImmutableMatrix
    W2: sympy.ImmutableMatrix
    s1: sympy.Rational
    s2: sympy.Rational


@lru_cache(maxsize=8)
def wide_start(inputs: int, outputs: int, seed: int = 1, strengths: tuple[int, int] | None = None) -> WideStart:
    """Take columns of a rational orthogonal matrix for both layers, with strengths that were drawn, or these."""
    frame = orthogonal_matrix(inputs + outputs + 1, seed)
    first, second = (drawn(seed + 1), drawn(seed + 2)) if strengths is None else map(sympy.Integer, strengths)
    W1, W2 = first * frame[:, :inputs], second * frame[:, inputs : inputs + outputs].T
    return WideStart(sympy.ImmutableMatrix(W1), sympy.ImmutableMatrix(W2), first**2, second**2)


def moved(start: WideStart, seed: int, scale: sympy.Rational) -> tuple[sympy.Matrix, sympy.Matrix]:
    """Mix the layers by two reflections that keep ``J = diag(I, -I)``, as flows do, and scale them, as decay does."""
    d, c = start.W1.cols, start.W2.rows
    J = sympy.diag(sympy.eye(d), -sympy.eye(c))
    stacked = sympy.Matrix.vstack(start.W1.T, start.W2)
    for each in (seed, seed + 1):
        v = integer_matrix(d + c, 1, each)
        stacked -= 2 * v * (v.T * J * stacked) / (v.T * J * v)[0]
    return scale * stacked[:d, :].T, scale * stacked[d:, :]


def data(inputs: int, outputs: int, samples: int = 5, seed: int = 21) -> tuple[sympy.Matrix, sympy.Matrix]:
    """Draw inputs and labels, one sample a row."""
    return integer_matrix(samples, inputs, seed), integer_matrix(samples, outputs, seed + 1)


def taylor_weights(
    weights: Sequence[sympy.Matrix],
    samples: tuple[sympy.Matrix, sympy.Matrix],
    order: int,
    *,
    power: int = 2,
    decay: sympy.Rational | int = 0,
) -> tuple[Series, Series]:
    """Expand both layers along the flow of ``sum |y - f|^power / (power n) + (decay / 2) |W|^2``, sample by sample."""
    first, second = ([sympy.Matrix(each)] for each in weights)
    for j in range(order):
        down, up = sympy.zeros(*first[0].shape), sympy.zeros(*second[0].shape)
        for mu in range(samples[0].rows):
            x, y = samples[0][mu, :].T, samples[1][mu, :].T
            hidden = [W * x for W in first]
            missed = [-f for f in multiply(second, hidden)]
            missed[0] += y
            pull = missed if power == 2 else multiply(missed, multiply([r.T for r in missed], missed))
            pull = [each / samples[0].rows for each in pull]
            down += multiply([W.T for W in second], pull)[j] * x.T
            up += multiply(pull, [h.T for h in hidden])[j]
        first.append((down - decay * first[j]) / (j + 1))
        second.append((up - decay * second[j]) / (j + 1))
    return first, second


def at_time(series: Series, time: int) -> sympy.Matrix:
    """Sum a series."""
    return sum((each * time**j for j, each in enumerate(series[1:], start=1)), series[0])


def decayed(rate: sympy.Rational | int, order: int) -> list[sympy.Rational]:
    """Return the Taylor coefficients of ``exp(-rate t)``."""
    return [sympy.Rational((-rate) ** j, sympy.factorial(j)) for j in range(order + 1)]
