"""A committee machine seen through its local fields: what the closed equations need of an activation.

Local fields ``z = (h, t)`` of ``k`` students and ``m`` teachers are Gaussian with covariance ``C``; the miss of the
network is ``Delta = sum_b s_b phi(z_b)`` with ``s = (-a, v)``. The moments by activation:

- erf, here ``erf(z / sqrt 2)``: its slope is a Gaussian factor, so that each slope in a mean is a change of the
  covariance (a tilt), and what is left is an arcsine.
- quadratic and linear: polynomials (claim ``sgd.quadratic_moments``).
- ReLU: the moments of order two are angles; those of order four are averaged over Sobol points.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from scipy.stats import norm, qmc

Covariance = Float[Any, "p p"]
Vector = Float[Any, " p"]


@dataclass(frozen=True)
class Moments:
    """What the fields of a network with ``p`` fields, ``k`` of them students, average to.

    Parameters
    ----------
    pull : (k, p) array
        ``J`` with ``E[Delta phi'_i z_c] = sum_b J_ib C_bc``: how the miss pulls student ``i`` along each row.
    slopes : (k, k) array
        ``E[phi'_i phi'_j]``.
    noise : (k, k) array
        ``E[Delta^2 phi'_i phi'_j]``.
    readout : (k,) array
        ``E[Delta phi_i]``.
    square : float
        ``E[Delta^2]``.
    """

    pull: Float[Any, "k p"]
    slopes: Float[Any, "k k"]
    noise: Float[Any, "k k"]
    readout: Float[Any, " k"]
    square: float


class Committee(ABC):
    """An activation by the Gaussian means that the closed equations need."""

    rtol: float = 1e-8
    """Relative tolerance of the integration; moments that are averages over points are not smooth enough for less."""

    @abstractmethod
    def products(self, C: Covariance) -> Covariance:
        """Return ``E[phi_b phi_c]``."""

    @abstractmethod
    def slope_products(self, C: Covariance) -> Covariance:
        """Return ``E[phi'_b phi'_c]``."""

    @abstractmethod
    def bends(self, C: Covariance) -> Covariance:
        """Return ``E[phi''_b phi_c]``."""

    @abstractmethod
    def noise(self, C: Covariance, s: Vector, k: int) -> Float[Any, "k k"]:
        """Return ``E[Delta^2 phi'_i phi'_j]`` of the students."""

    def moments(self, C: Covariance, s: Vector, k: int) -> Moments:
        """Average over the fields; ``pull`` follows by parts from ``E[d(Delta phi'_i)/dz_b]``."""
        slopes, products = self.slope_products(C), self.products(C)
        pull = slopes[:k] * s
        pull[:, :k] += np.diag(self.bends(C)[:k] @ s)
        return Moments(pull, slopes[:k, :k], self.noise(C, s, k), products[:k] @ s, float(s @ products @ s))


class Linear(Committee):
    """``phi(z) = z``."""

    def products(self, C: Covariance) -> Covariance:
        """Return ``E[phi_b phi_c]``."""
        return C

    def slope_products(self, C: Covariance) -> Covariance:
        """Return ``E[phi'_b phi'_c]``."""
        return np.ones_like(C)

    def bends(self, C: Covariance) -> Covariance:
        """Return ``E[phi''_b phi_c]``."""
        return np.zeros_like(C)

    def noise(self, C: Covariance, s: Vector, k: int) -> Float[Any, "k k"]:
        """Return ``E[Delta^2 phi'_i phi'_j]`` of the students."""
        return np.full((k, k), s @ C @ s)


class Quadratic(Committee):
    """``phi(z) = z^2``."""

    def products(self, C: Covariance) -> Covariance:
        """Return ``E[phi_b phi_c]``."""
        return np.outer(np.diag(C), np.diag(C)) + 2 * C**2

    def slope_products(self, C: Covariance) -> Covariance:
        """Return ``E[phi'_b phi'_c]``."""
        return 4 * C

    def bends(self, C: Covariance) -> Covariance:
        """Return ``E[phi''_b phi_c]``."""
        return np.tile(2 * np.diag(C), (len(C), 1))

    def noise(self, C: Covariance, s: Vector, k: int) -> Float[Any, "k k"]:
        """Return ``E[Delta^2 phi'_i phi'_j]`` of the students."""
        A = s[:, None] * C
        trace, CA = np.trace(A), C @ A
        moment = (trace**2 + 2 * np.trace(A @ A)) * C + 4 * trace * CA + 8 * CA @ A
        return 4 * moment[:k, :k]


class Erf(Committee):
    """``phi(z) = erf(z / sqrt 2)``, whose slope is ``sqrt(2 / pi) exp(-z^2 / 2)``."""

    def products(self, C: Covariance) -> Covariance:
        """Return ``E[phi_b phi_c]``."""
        return _arcsines(C)

    def slope_products(self, C: Covariance) -> Covariance:
        """Return ``E[phi'_b phi'_c]``."""
        v = 1 + np.diag(C)
        return 2 / np.pi / np.sqrt(np.outer(v, v) - C**2)

    def bends(self, C: Covariance) -> Covariance:
        """Return ``-E[z_b phi'_b phi_c]``; the slope tilts the covariance by ``-C_.b C_b. / (1 + C_bb)``."""
        v = 1 + np.diag(C)
        with_b = C / v[:, None]  # the tilted covariance of z_b with z_c
        tilted = np.diag(C)[None, :] - C**2 / v[:, None]  # the tilted variance of z_c
        return -2 / np.pi * with_b / np.sqrt(v)[:, None] / np.sqrt(1 + tilted)

    def noise(self, C: Covariance, s: Vector, k: int) -> Float[Any, "k k"]:
        """Return ``E[Delta^2 phi'_i phi'_j]`` of the students."""
        found = np.empty((k, k))
        for i in range(k):
            for j in range(i + 1):
                pair = [i, j]
                tilt = np.eye(2) + C[np.ix_(pair, pair)]
                tilted = C - C[:, pair] @ np.linalg.solve(tilt, C[pair])
                found[i, j] = found[j, i] = 2 / np.pi / np.sqrt(np.linalg.det(tilt)) * (s @ _arcsines(tilted) @ s)
        return found


def _arcsines(C: Covariance) -> Covariance:
    scale = 1 / np.sqrt(1 + np.diag(C))
    return 2 / np.pi * np.arcsin(np.clip(scale[:, None] * C * scale, -1, 1))


class Relu(Committee):
    """``phi(z) = max(z, 0)``; ``E[Delta^2 phi'_i phi'_j]`` is a mean over scrambled Sobol points.

    Parameters
    ----------
    fields : int
        How many fields there are.
    rng : numpy.random.Generator
        Scrambles the points.
    """

    POINTS: Final = 2**13
    rtol = 1e-4

    def __init__(self, fields: int, rng: np.random.Generator) -> None:
        uniform = qmc.Sobol(fields, rng=rng).random(self.POINTS)
        self._normals = norm.ppf(np.clip(uniform, 1e-12, 1 - 1e-12))

    def products(self, C: Covariance) -> Covariance:
        """Return ``E[phi_b phi_c]``."""
        scale = np.sqrt(np.diag(C))
        size = np.outer(scale, scale)
        angle = _angles(C, size)
        return size / (2 * np.pi) * (np.sin(angle) + (np.pi - angle) * np.cos(angle))

    def slope_products(self, C: Covariance) -> Covariance:
        """Return ``E[phi'_b phi'_c]``."""
        scale = np.sqrt(np.diag(C))
        return (np.pi - _angles(C, np.outer(scale, scale))) / (2 * np.pi)

    def bends(self, C: Covariance) -> Covariance:
        """Return ``E[delta(z_b) phi_c]``: a half-normal mean of what ``z_c`` keeps where ``z_b = 0``."""
        v = np.diag(C)
        kept = np.clip(v[None, :] - C**2 / v[:, None], 0, None)
        return np.sqrt(kept) / (2 * np.pi * np.sqrt(v)[:, None])

    def noise(self, C: Covariance, s: Vector, k: int) -> Float[Any, "k k"]:
        """Return ``E[Delta^2 phi'_i phi'_j]`` of the students."""
        values, vectors = np.linalg.eigh(C)
        z = self._normals @ (vectors * np.sqrt(np.clip(values, 0, None))).T
        on, miss = (z[:, :k] > 0).astype(float), np.maximum(z, 0) @ s
        return on.T @ (on * (miss**2)[:, None]) / len(z)


def _angles(C: Covariance, size: Covariance) -> Covariance:
    return np.arccos(np.clip(C / size, -1, 1))


EXACT: Final[dict[str, type[Linear | Quadratic | Erf]]] = {"linear": Linear, "quadratic": Quadratic, "erf": Erf}
"""Activations whose moments are in closed form."""
ACTIVATIONS: Final = (*EXACT, "relu")
