"""One Gaussian sample in five dimensions, with integers for the teacher: averages over its pairings, in numbers.

What a sample adds to the moments is ``y x x^T - A`` and ``x x^T - Sigma``. A trace of the moments is multiplied out,
the products with two of these are kept, and the average over pairings of ``x`` and of the noise is taken.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, TracePolynomial, tr
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue

SIZE: Final = 5
SAMPLES: Final = (11, 12, 19)
"""Numbers of samples: the closed forms contain it in the first power below."""
d: Final = Scalar("d")
x: Final = Matrix("x", d, 1)
e: Final = Matrix("e", 1)
Q, A, Sigma, Y, Delta, H = (Matrix(name, d, symmetric=True) for name in ("Q", "A", "Sigma", "Y", "Delta", "H"))
LABEL: Final = tr(x.T * Q * x) + tr(e) * Scalar("noise")
ADDED: Final = {Delta: LABEL * x * x.T - A, H: x * x.T - Sigma}


@cache
def _numbers() -> dict[str, Any]:
    """Draw teacher, covariance and test matrix, and average ``y x x^T`` and ``y x x^T Y y x x^T``."""
    teacher, test = (integer_matrix(SIZE, SIZE, seed, symmetric=True) for seed in (41, 43))
    root = integer_matrix(SIZE, SIZE, 42) * drawn(1)
    values = {"Q": teacher, "Y": test, "Sigma": root * root.T, "d": SIZE, "noise": drawn(2)}
    average = GaussianAverage(values, {"x": "Sigma", "e": None})
    term = LABEL * x * x.T
    return {**values, "A": average.matrix(term), "same": average.matrix(term * Y * term)}


@cache
def average() -> GaussianAverage:
    """Return what averages over the sample and its noise."""
    return GaussianAverage(_numbers(), {"x": "Sigma", "e": None})


@cache
def value_at(samples: int) -> TermwiseValue:
    """Return what inserts the instance, at a number of samples."""
    if samples != SAMPLES[0]:
        return value_at(SAMPLES[0]).with_scalars(n=samples)
    values = _numbers()
    F, G = values["A"] ** 2, values["A"] * values["Sigma"] * values["A"]
    traces = {"N": (F * G).trace(), "D_1": (F * F).trace(), "D_2": (G * G).trace()}
    return TermwiseValue({**values, **traces, "v": values["noise"] ** 2, "n": samples})


def _parts_of_traces() -> tuple[TracePolynomial, TracePolynomial, TracePolynomial]:
    return tr(A**4 * Sigma), tr(A**4), tr(A * A * Sigma * A * A * Sigma)


@cache
def _orders() -> tuple[tuple[TracePolynomial, ...], ...]:
    """Multiply the three traces out, and sort by the number of factors ``Delta`` and ``H``."""
    moved = (part.subs({A: A + Delta, Sigma: Sigma + H}) for part in _parts_of_traces())
    return tuple(tuple(_with_factors(each, count) for count in range(3)) for each in moved)


def _with_factors(expression: TracePolynomial, count: int) -> TracePolynomial:
    def factors(words: Iterable[Any]) -> int:
        return sum(symbol.name in ("Delta", "H") for word in words for symbol, _ in expression.table.spell(word))

    kept = {words: value for words, value in expression.terms.items() if factors(words) == count}
    return TracePolynomial(expression.table, kept)


def _averaged(expression: TracePolynomial) -> sympy.Rational:
    return sympy.Rational(average()(expression.subs(ADDED)))


@cache
def trace_responses() -> tuple[tuple[sympy.Rational, sympy.Rational], ...]:
    """Return the three traces of the population, and the averages of their second order."""
    return tuple((_averaged(zeroth), _averaged(second)) for zeroth, _, second in _orders())


@cache
def bias() -> sympy.Rational:
    """Return the relative change of the mean alignment at order ``1/n``, from ``d2 log + (d log)^2 / 2``."""
    linear, total = TracePolynomial(A.table, {}), sympy.Rational(0)
    for (_, first, _), (value, second), weight in zip(_orders(), trace_responses(), (2, -1, -1), strict=True):
        relative = first / Fraction(int(value.p), int(value.q))
        linear = linear + relative * weight
        total += sympy.Rational(weight, 2) * (second / value - _averaged(relative * relative) / 2)
    return total + _averaged(linear * linear) / 8
