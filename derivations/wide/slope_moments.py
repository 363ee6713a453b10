"""Second and fourth moments of the slope of a polynomial activation at correlated Gaussians, by integration by parts.

The tangent kernel of a hidden layer of ``k`` neurons is a mean of ``k`` independent matrices ``psi psi^T`` with
``psi_mu = phi'(h_mu)``: the fourth moments of ``phi'`` are all that its covariance needs.
"""

from functools import cache
from itertools import combinations_with_replacement, product
from typing import Any, Final

import numpy as np
import sympy as sp
from jaxtyping import Shaped

from derivations.activation_integrals.definitions import Parameter, define, h
from derivations.errors import DerivationError

SAMPLES: Final = "abcd"
COVARIANCE: Final = {
    (i, j): sp.Symbol(f"K_{SAMPLES[i]}{SAMPLES[j]}", real=True) for i, j in combinations_with_replacement(range(4), 2)
}
"""Covariances of the pre-activations at four samples, ``K_aa`` to ``K_dd``."""


@cache
def gaussian_moment(powers: tuple[int, ...]) -> sp.Expr:
    """Average a product of powers of four correlated Gaussians.

    Examples
    --------
    >>> gaussian_moment((1, 1, 1, 1))
    K_ab*K_cd + K_ac*K_bd + K_ad*K_bc
    """
    if not any(powers):
        return sp.Integer(1)
    first = next(i for i, power in enumerate(powers) if power)
    rest = [power - (i == first) for i, power in enumerate(powers)]
    by_parts = (
        power * COVARIANCE[min(first, i), max(first, i)] * gaussian_moment(_lowered(rest, i))
        for i, power in enumerate(rest)
        if power
    )
    return sp.expand(sp.Add(*by_parts))


def _lowered(powers: list[int], i: int) -> tuple[int, ...]:
    return tuple(power - (j == i) for j, power in enumerate(powers))


def slope_moment(activation: str, parameter: Parameter, samples: int) -> sp.Expr:
    """Average the product of the slopes at two or four samples.

    Examples
    --------
    >>> slope_moment("quadratic", None, 2)
    4*K_ab
    """
    slope = define(activation, parameter).diff(h)
    if not slope.is_polynomial(h):
        raise DerivationError(f"the activation must be a polynomial, got {activation}")
    terms = sp.Poly(slope, h).terms()
    total = sp.Integer(0)
    for chosen in product(terms, repeat=samples):
        powers = tuple(chosen[i][0][0] if i < samples else 0 for i in range(4))
        total += sp.prod([coefficient for _, coefficient in chosen]) * gaussian_moment(powers)
    return sp.expand(total)


def on_samples(moment: sp.Expr, K: Shaped[Any, "n n"], samples: int) -> Any:
    """Evaluate a moment at all tuples of samples."""
    K = np.asarray(K, dtype=np.float64)
    grid = np.ix_(*(range(len(K)),) * samples)
    indices = [(i, j) for i, j in COVARIANCE if j < samples]
    function = sp.lambdify([COVARIANCE[pair] for pair in indices], moment, "numpy")
    value = function(*(K[grid[i], grid[j]] for i, j in indices))
    return np.broadcast_to(value, (len(K),) * samples)
