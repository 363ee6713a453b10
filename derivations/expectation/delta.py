"""Mean and variance of ``N / sqrt(D1 D2)`` from exact joint moments, by the delta method.

Let ``L`` be the leading terms of the means and ``X = L (1 + eta)`` for each of the three. In the large dimension
``k`` a product of ``r`` of the ``eta`` has an expectation of order ``k^-ceil(r/2)``, so the Taylor series

    E[N / sqrt(D1 D2)] = L0 / sqrt(L1 L2)  sum  C(1, a) C(-1/2, b) C(-1/2, c) E[eta0^a eta1^b eta2^c]

needs the moments with ``a + b + c <= 2 p`` for the order ``k^-p``. Each is computed exactly and then expanded. That
they fall as fast as they must is checked, not assumed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb, prod

from derivations.algebra import TracePolynomial
from derivations.algebra.trace_polynomial import constant
from derivations.expectation.counting import DEFAULT_LIMIT
from derivations.expectation.errors import ExpectationError
from derivations.expectation.expect import as_list, expect
from derivations.expectation.growth import Dimensions, Growth
from derivations.expectation.large import graded, leading_power
from derivations.expectation.laws import RandomMatrix
from derivations.expectation.ratio_series import Exponents, Fractions, RatioSeries, add_fractions, multiply_fractions


@dataclass(frozen=True)
class RatioMoments:
    """Mean and variance of a ratio.

    Parameters
    ----------
    mean, variance : RatioSeries
        Up to the order asked for.
    """

    mean: RatioSeries
    variance: RatioSeries


def delta_method(
    numerator: TracePolynomial,
    first: TracePolynomial,
    second: TracePolynomial,
    *,
    over: RandomMatrix | Iterable[RandomMatrix],
    dimensions: Dimensions,
    order: int = 1,
    max_terms: int = DEFAULT_LIMIT,
) -> RatioMoments:
    """Expand mean and variance of ``N / sqrt(D1 D2)`` in the inverse of a large dimension.

    Parameters
    ----------
    numerator, first, second : TracePolynomial
        ``N``, ``D1`` and ``D2``.
    over : random matrix or iterable of them
        As for `expect`.
    dimensions : iterable of Scalar, or mapping
        The dimensions that grow, as for `large_dimension`.
    order : int
        The highest power of the inverse dimension to keep. It needs joint moments of ``2 order`` factors.
    max_terms : int
        The largest number of terms to allow in any one expectation.

    Returns
    -------
    RatioMoments
        Mean and variance to that order, relative to the leading term of the mean.

    Raises
    ------
    ExpectationError
        If the fluctuations do not fall with the dimensions, so that there is no expansion.

    Examples
    --------
    ``w / sqrt(w^2 w^2) = 1 / w`` for a chi-square variable ``w`` with ``k`` degrees of freedom, whose mean is
    ``1 / (k - 2)``:

    >>> from derivations.algebra import Scalar, identity, tr
    >>> from derivations.expectation import Wishart
    >>> k = Scalar("k")
    >>> w = Wishart("w", dof=k, covariance=identity(1))
    >>> ratio = delta_method(tr(w), tr(w) ** 2, tr(w) ** 2, over=[w], dimensions=[k], order=2)
    >>> round(ratio.mean.evaluate({k: 100}), 9) == round((1 + 2 / 100 + 4 / 100**2) / 100, 9)
    True
    """
    if order < 0:
        raise ExpectationError(f"the order must be a non-negative integer, got {order}")
    laws = as_list(over)
    deviations = _Deviations((numerator, first, second), laws, Growth.read(dimensions), order, max_terms)
    half = Fraction(1, 2)
    mean = deviations.taylor((Fraction(1), -half, -half))
    second_moment = deviations.taylor((Fraction(2), Fraction(-1), Fraction(-1)))
    variance = [
        add_fractions(second_moment[j], *(multiply_fractions(mean[i], mean[j - i], -1) for i in range(j + 1)))
        for j in range(order + 1)
    ]
    return RatioMoments(
        RatioSeries(deviations.leading, (Fraction(1), -half, -half), tuple(mean)),
        RatioSeries(deviations.leading, (Fraction(2), Fraction(-1), Fraction(-1)), tuple(variance)),
    )


class _Deviations:
    """Joint moments of the relative deviations of three variables from the leading terms of their means."""

    def __init__(
        self,
        variables: tuple[TracePolynomial, TracePolynomial, TracePolynomial],
        laws: list[RandomMatrix],
        growth: Growth,
        order: int,
        max_terms: int,
    ) -> None:
        self.variables, self.laws, self.growth = variables, laws, growth
        self.order, self.max_terms = order, max_terms
        self.moments: dict[Exponents, TracePolynomial] = {}
        self.graded_moments: dict[Exponents, dict[int, TracePolynomial]] = {}
        self.deviations: dict[Exponents, dict[int, TracePolynomial]] = {}
        means = [self.moment((i == 0, i == 1, i == 2)) for i in range(3)]
        self.powers = [leading_power(mean, growth) for mean in means]
        L = [graded(mean, growth, power)[power] for mean, power in zip(means, self.powers, strict=True)]
        self.leading = (L[0], L[1], L[2])

    def moment(self, exponents: Exponents) -> TracePolynomial:
        """Compute ``E[N^a D1^b D2^c]`` exactly."""
        if exponents not in self.moments:
            factors = (variable**power for variable, power in zip(self.variables, exponents, strict=True))
            self.moments[exponents] = expect(prod(factors, start=constant(1)), self.laws, max_terms=self.max_terms)
        return self.moments[exponents]

    def graded_moment(self, exponents: Exponents) -> dict[int, TracePolynomial]:
        """Expand ``E[N^a D1^b D2^c]`` by its order relative to ``L0^a L1^b L2^c``."""
        if exponents not in self.graded_moments:
            reference = sum(p * power for p, power in zip(self.powers, exponents, strict=True))
            parts = graded(self.moment(exponents), self.growth, reference - self.order)
            self.graded_moments[exponents] = {reference - power: part for power, part in parts.items()}
        return self.graded_moments[exponents]

    def deviation(self, exponents: Exponents) -> dict[int, TracePolynomial]:
        """Expand ``E[(N - L0)^a (D1 - L1)^b (D2 - L2)^c]`` by its order relative to ``L0^a L1^b L2^c``."""
        if exponents not in self.deviations:
            orders: dict[int, TracePolynomial] = {}
            for a, b, c in product(*(range(power + 1) for power in exponents)):
                factors = (
                    (each * (-1)) ** (power - kept) * comb(power, kept)
                    for each, power, kept in zip(self.leading, exponents, (a, b, c), strict=True)
                )
                factor = prod(factors, start=constant(1))
                for j, part in self.graded_moment((a, b, c)).items():
                    orders[j] = orders.get(j, constant(0)) + part * factor
            self.deviations[exponents] = {j: part for j, part in orders.items() if part}
            self._require_concentration(exponents)
        return self.deviations[exponents]

    def _require_concentration(self, exponents: Exponents) -> None:
        required = -(-sum(exponents) // 2)
        for found in self.deviations[exponents]:
            if found < required:
                raise ExpectationError(
                    f"the relative fluctuations must fall with the large dimensions, got a joint moment of "
                    f"{sum(exponents)} deviations of order {-found} instead of {-required}"
                )

    def taylor(self, powers: tuple[Fraction, Fraction, Fraction]) -> list[Fractions]:
        """Sum the Taylor series of ``(1 + eta0)^p (1 + eta1)^q (1 + eta2)^r`` order by order."""
        orders: list[Fractions] = [{} for _ in range(self.order + 1)]
        for total in range(2 * self.order + 1):
            for a, b in product(range(total + 1), repeat=2):
                if a + b > total:
                    continue
                exponents = (a, b, total - a - b)
                factor = prod((_binomial(p, e) for p, e in zip(powers, exponents, strict=True)), start=Fraction(1))
                if not factor:
                    continue
                for j, part in self.deviation(exponents).items():
                    orders[j] = add_fractions(orders[j], {exponents: part * factor})
        return orders


def _binomial(power: Fraction, choose: int) -> Fraction:
    return prod(((power - i) / (i + 1) for i in range(choose)), start=Fraction(1))
