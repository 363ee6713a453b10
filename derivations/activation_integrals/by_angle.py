"""Duals of any activation with a kink at zero at most, from integrals over a wedge, tabulated once for all samples.

Claim: with independent standard normal ``x, y`` in polar coordinates, ``u = s r cos(w)`` and ``v = t r cos(w - theta)``
have deviations ``s, t`` and correlation ``cos(theta)``. The lines ``u = 0`` and ``v = 0`` cut the plane into two wedges
of opening ``pi - theta``, where both have one sign, and two of ``theta``. On a wedge of opening ``b`` the arguments are
``s r sin(a)`` and ``t r sin(b - a)``, ``0 < a < b``, up to their signs, and no kink is inside: Gauss rules on panels
that shrink towards the edges converge geometrically. The dual over ``sqrt(E[phi(u)^2] E[phi(v)^2])`` is smooth in
``asinh(s)``, ``asinh(t)`` and ``theta``, also where a rectifier's is not in the correlation. So its Chebyshev series in
all three, cut where its coefficients have fallen, gives it between any two samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from numpy.polynomial.chebyshev import chebpts1, chebvander
from numpy.polynomial.legendre import leggauss

from derivations.activation_integrals.definitions import ActivationError
from derivations.activation_integrals.evaluate import KernelFunction, prepare

SIZES = ((8, 32), (14, 64), (24, 96))
"""Nodes in the deviation and in the angle, tried until the coefficients have fallen."""
AIM, TOLERANCE = 1e-8, 1e-4
"""Last coefficients relative to the largest: at which a series is long enough, and above which it is refused."""
_FAR = (4.5, 6.0, 8.0, 12.0)  # edges of panels; a Gaussian leaves no more than 1e-31 beyond
_POINTS = 12  # of a panel
_STEPS = 4  # tables end at multiples of 1/4 of asinh(s), so that they can be shared

Elementwise = Callable[[Any], Any]


class _Rule(NamedTuple):
    nodes: Float[np.ndarray, " m"]
    weights: Float[np.ndarray, " m"]


def _on_panels(edges: Any) -> _Rule:
    z, w = leggauss(_POINTS)
    half = np.diff(edges)[:, None] / 2
    return _Rule((edges[:-1, None] + half * (z + 1)).ravel(), (half * w).ravel())


def _levels(deviation: float) -> int:
    """Count how often panels are halved towards zero: down to where the activation's argument is of order one."""
    return 1 + int(np.ceil(np.log2(max(deviation, 1.0))))


def _half_normal(deviation: float) -> _Rule:
    """Return nodes and weights for ``int exp(-r^2 / 2) dr`` from 0."""
    r, w = _on_panels(np.concatenate([[0.0], 3.0 * 2.0 ** np.arange(-_levels(deviation), 1), _FAR]))
    return _Rule(r, w * np.exp(-(r**2) / 2))


def radial_rule(deviation: float) -> _Rule:
    """Return nodes and weights for ``int r exp(-r^2 / 2) dr`` from 0."""
    r, w = _half_normal(deviation)
    return _Rule(r, w * r)


def angular_rule(deviation: float) -> _Rule:
    """Return nodes and weights on (0, 1), finer towards both ends, which mirror each other."""
    below = np.append(0.0, 2.0 ** np.arange(-1 - _levels(deviation), 0))
    return _on_panels(np.concatenate([below, 1 - below[-2::-1]]))


def moments(activation: Elementwise, deviation: Shaped[Any, "n"]) -> tuple[Shaped[Any, "n"], Shaped[Any, "n"]]:
    """Average ``phi(s x)`` and ``phi(s x)^2`` over a standard normal ``x``."""
    r, w = _half_normal(float(deviation.max(initial=0)))
    w = w / np.sqrt(2 * np.pi)
    found = np.empty((2, len(deviation)))
    for first in range(0, len(deviation), 1024):
        part = slice(first, first + 1024)
        h = deviation[part, None] * r
        above, below = activation(h), activation(-h)
        found[:, part] = (above + below) @ w, (above**2 + below**2) @ w
    return found[0], found[1]


def _over_wedge(
    activation: Elementwise, deviation: Shaped[Any, "m"], opening: float, rules: tuple[_Rule, _Rule]
) -> tuple[Float[np.ndarray, "m m"], Float[np.ndarray, "m m"]]:
    """Integrate over both wedges of one opening, where the arguments have one sign, and where they have two."""
    (r, wr), (a, wa) = rules
    h, w = deviation[:, None] * np.outer(np.sin(opening * a), r).ravel(), np.outer(opening * wa, wr).ravel()
    above, below = activation(h), activation(-h)
    # sin(b - a) in place of sin(a)
    mirrored = [each.reshape(len(h), -1, len(r))[:, ::-1].reshape(h.shape).T for each in (above, below)]
    above, below = above * (w / (2 * np.pi)), below * (w / (2 * np.pi))
    return above @ mirrored[0] + below @ mirrored[1], above @ mirrored[1] + below @ mirrored[0]


def function_by_angle(activation: Elementwise) -> KernelFunction:
    """Make a function of arrays ``q1, q2, c`` that broadcast, pair by pair: slow, and with nothing interpolated."""

    def function(q1: Any, q2: Any, c: Any) -> Any:
        first, second, covariance = np.broadcast_arrays(*prepare(q1, q2, c))
        found = np.empty(first.shape)
        for place in np.ndindex(first.shape):
            s, t = np.sqrt([first[place], second[place]], dtype=np.float64)
            if s * t == 0:
                mean = moments(activation, np.array([s, t]))[0]
                found[place] = np.prod(np.where(np.array([s, t]) == 0, activation(np.zeros(1)), mean))
                continue
            both, angle = (
                np.array([s, t]),
                np.arccos(np.clip(covariance[place] / np.sqrt(first[place] * second[place]), -1, 1)),
            )
            rules = radial_rule(max(s, t)), angular_rule(max(s, t))
            one, two = (_over_wedge(activation, both, b, rules) for b in (np.pi - angle, angle))
            found[place] = (one[0] + two[1])[0, 1]
        return found

    return function


@dataclass(frozen=True)
class AngularKernel:
    """The dual of an activation between any two of ``n`` samples.

    Parameters
    ----------
    variance : (n,) array
        Of the pre-activations.
    norm : (n,) array
        ``sqrt(E[phi^2])`` of every sample.
    features : (n, p) array
        What the series knows of a sample.
    coefficients : (terms, p, p) array
        Of a Chebyshev series in the angle.
    error : float
        Size of what was cut off, relative to the norms.
    mean : (n,) array
        ``E[phi]`` of every sample; where a variance is 0, ``phi(0)``, which is all that there is.
    """

    variance: Any
    norm: Any
    features: Any
    coefficients: Any
    error: float
    mean: Any

    @property
    def numbers_per_sample(self) -> int:
        """How many numbers are kept for each sample."""
        return 2 + int(self.features.shape[1])

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: Any, columns: Any) -> Any:
        """Evaluate one block."""
        return self.at(self.place(covariance, rows, columns), rows, columns).astype(covariance.dtype, copy=False)

    def place(self, covariance: Any, rows: Any, columns: Any) -> Any:
        """Turn covariances into angles on the interval from -1 to 1, on which Chebyshev's polynomials live."""
        scale = np.sqrt(self.variance[rows][:, None] * self.variance[columns][None, :])
        r = covariance / np.where(scale == 0, 1, scale)
        return np.arccos(np.clip(r, -1, 1)) * (2 / np.pi) - 1

    def at(self, x: Any, rows: Any, columns: Any) -> Any:
        """Sum the series, by Clenshaw."""
        left, right = (self.features[part] * self.norm[part][:, None] for part in (rows, columns))
        ahead = behind = np.zeros_like(x, dtype=np.float64)
        for A in self.coefficients[:0:-1]:
            ahead, behind = (left @ A) @ right.T + 2 * x * ahead - behind, ahead
        total = (left @ self.coefficients[0]) @ right.T + x * ahead - behind
        still = self.variance[rows][:, None] * self.variance[columns][None, :] == 0
        return np.where(still, np.outer(self.mean[rows], self.mean[columns]), total) if still.any() else total

    def diagonal(self) -> Any:
        """Return the value of every sample with itself."""
        return (self.norm**2).astype(self.variance.dtype, copy=False)


@dataclass(frozen=True)
class AngularKernelWithSlope:
    """The duals of an activation and of its derivative between any two of ``n`` samples.

    Parameters
    ----------
    value, slope : AngularKernel
        Each alone, of the same samples.
    """

    value: AngularKernel
    slope: AngularKernel

    @property
    def numbers_per_sample(self) -> int:
        """How many numbers are kept for each sample."""
        return self.value.numbers_per_sample + self.slope.numbers_per_sample

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: Any, columns: Any) -> tuple[Any, Any]:
        """Evaluate one block."""
        x = self.value.place(covariance, rows, columns)
        value, slope = (each.at(x, rows, columns) for each in (self.value, self.slope))
        return value.astype(covariance.dtype, copy=False), slope.astype(covariance.dtype, copy=False)


def angular_kernel(activation: Elementwise, variance: Shaped[Any, "n"]) -> AngularKernel:
    """Tabulate an activation for given variances, with as many nodes as it needs."""
    q = np.asarray(variance)
    deviation = np.sqrt(q.astype(np.float64))
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused
        mean, square = moments(activation, deviation)
        norm = np.sqrt(square)
        if not np.isfinite(norm).all():
            raise ActivationError(f"the activation must stay finite, got an overflow at variance {q.max():.3g}")
        moving = q > 0
        mean[~moving], norm[~moving] = (f(activation(np.zeros(1))[0]) for f in (float, abs))
        place = np.arcsinh(np.where(moving, deviation, deviation.max()))
        low, high = np.floor(_STEPS * place.min()) / _STEPS, np.ceil(_STEPS * place.max()) / _STEPS
        table, error = _table(activation, float(low), float(high))
    if not error <= TOLERANCE:
        raise ActivationError(
            f"the dual of the activation must be known to {TOLERANCE:g} of its size, got {error:.1e} at variances to "
            f"{q.max():.3g}: its kinks must be at zero, and its scale of order one"
        )
    x = (2 * place - table.low - table.high) / ((table.high - table.low) or 1)
    features = chebvander(x, len(table.basis) - 1) @ table.basis
    return AngularKernel(q, norm, features, table.coefficients, error, mean)


class _Table(NamedTuple):
    """A series for deviations whose ``asinh`` is from `low` to `high`."""

    low: float
    high: float
    basis: Float[np.ndarray, "nodes p"]
    coefficients: Float[np.ndarray, "terms p p"]


@lru_cache(maxsize=64)
def _table(activation: Elementwise, low: float, high: float) -> tuple[_Table, float]:
    """Expand the dual, with as many nodes as it needs; kept, because subsets of samples ask for the same."""
    for size in SIZES:
        found = _series(activation, low, high, *size)
        if found[1] <= AIM:
            break
    return found


def _series(activation: Elementwise, low: float, high: float, nodes: int, terms: int) -> tuple[_Table, float]:
    """Expand the dual over its norms; return the series, shortened, and the size of its last coefficients."""
    x = chebpts1(nodes) if high > low else np.zeros(1)
    deviation = np.sinh((low + high) / 2 + (high - low) / 2 * x)
    norm = np.sqrt(moments(activation, deviation)[1])
    norm[norm == 0] = 1  # the activation vanishes there, and the dual with it
    rules = radial_rule(deviation.max()), angular_rule(deviation.max())
    openings = (chebpts1(terms) + 1) * np.pi / 2  # the angles, and pi minus the angles
    one_sign, two_signs = zip(*(_over_wedge(activation, deviation, b, rules) for b in openings), strict=True)
    values = (np.stack(one_sign[::-1]) + np.stack(two_signs)) / (norm[:, None] * norm)
    to_nodes, to_terms = _to_coefficients(len(x)), _to_coefficients(terms)
    C = np.einsum("kl,lij,ai,bj->kab", to_terms, values, to_nodes, to_nodes, optimize=True)
    largest = abs(C).max() or 1.0
    ends = [abs(C[-2:]).max()] + ([abs(C[:, -2:]).max()] if len(x) > 1 else [])
    error = float(max(ends) / largest)
    kept = max(np.flatnonzero(abs(C).max(axis=(1, 2)) > AIM * largest / 100), default=0) + 1
    U, sizes, _ = np.linalg.svd(C.transpose(1, 0, 2).reshape(len(x), -1), full_matrices=False)
    U = U[:, sizes > AIM * sizes[0] / 100]
    return _Table(low, high, U, np.einsum("ap,kab,bq->kpq", U, C[:kept], U, optimize=True)), error


def _to_coefficients(count: int) -> Float[np.ndarray, "count count"]:
    """Return the matrix from values at Chebyshev's nodes to coefficients."""
    matrix: Float[np.ndarray, "count count"] = (
        2 / count * chebvander(chebpts1(count) if count > 1 else np.zeros(1), count - 1).T
    )
    matrix[0] /= 2
    return matrix
