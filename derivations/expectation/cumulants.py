"""Covariances and joint cumulants of trace polynomials."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import prod

from derivations.algebra import TracePolynomial
from derivations.algebra.trace_polynomial import constant
from derivations.expectation.counting import DEFAULT_LIMIT
from derivations.expectation.errors import ExpectationError
from derivations.expectation.expect import as_list, expect
from derivations.expectation.laws import RandomMatrix

Indices = tuple[int, ...]


def covariance(
    first: TracePolynomial,
    second: TracePolynomial,
    over: RandomMatrix | Iterable[RandomMatrix],
    *,
    max_terms: int = DEFAULT_LIMIT,
) -> TracePolynomial:
    """Compute ``E[X Y] - E[X] E[Y]`` exactly.

    Parameters
    ----------
    first, second : TracePolynomial
        ``X`` and ``Y``; equal for a variance.
    over : random matrix or iterable of them
        As for `expect`.
    max_terms : int
        The largest number of terms to allow.

    Returns
    -------
    TracePolynomial
        The covariance.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> from derivations.expectation import Wishart
    >>> W = Wishart("W", dof=Scalar("n"), covariance=Matrix("S", "d", symmetric=True))
    >>> print(covariance(tr(W), tr(W), over=[W]))
    2 n tr(S²)
    """
    return cumulant([first, second], over, max_terms=max_terms)


def cumulant(
    expressions: Sequence[TracePolynomial],
    over: RandomMatrix | Iterable[RandomMatrix],
    *,
    max_terms: int = DEFAULT_LIMIT,
) -> TracePolynomial:
    """Compute the joint cumulant of trace polynomials exactly.

    Parameters
    ----------
    expressions : sequence of TracePolynomial
        The random variables, at least one; repeat one for its own cumulants.
    over : random matrix or iterable of them
        As for `expect`.
    max_terms : int
        The largest number of terms to allow.

    Returns
    -------
    TracePolynomial
        The cumulant: the mean for one variable, the covariance for two.

    Raises
    ------
    ExpectationError
        If there is no variable.
    """
    if not expressions:
        raise ExpectationError("a cumulant needs at least one variable, got none")
    laws = as_list(over)
    known: dict[tuple[bool, Indices], TracePolynomial] = {}

    def moment(indices: Indices) -> TracePolynomial:
        if (False, indices) not in known:
            product = prod((expressions[i] for i in indices), start=constant(1))
            known[False, indices] = expect(product, laws, max_terms=max_terms)
        return known[False, indices]

    def joint(indices: Indices) -> TracePolynomial:
        # The moment is the sum over the block of the first variable, times the moment of the others.
        if (True, indices) not in known:
            first, others = indices[:1], indices[1:]
            total = moment(indices)
            for size in range(len(others)):
                for block in combinations(others, size):
                    rest = tuple(i for i in others if i not in block)
                    total = total - joint(first + block) * moment(rest)
            known[True, indices] = total
        return known[True, indices]

    return joint(tuple(range(len(expressions))))
