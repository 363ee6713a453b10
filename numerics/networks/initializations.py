"""Random initial matrices with a given standard deviation of the entries, drawn on the host."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64
from numpy.random import Generator

from numerics.checks import one_of

HostMatrix = Float64[np.ndarray, "k m"]


def gaussian(rng: Generator, shape: tuple[int, int]) -> HostMatrix:
    """Draw independent N(0, 1) entries."""
    return rng.standard_normal(shape)


def uniform(rng: Generator, shape: tuple[int, int]) -> HostMatrix:
    """Draw independent entries, uniform on [-sqrt(3), sqrt(3)], so that their variance is 1."""
    return rng.uniform(-(3**0.5), 3**0.5, size=shape)


def orthogonal(rng: Generator, shape: tuple[int, int]) -> HostMatrix:
    """Draw a Haar-distributed semi-orthogonal matrix, scaled so that its entries have variance 1."""
    rows, columns = max(shape), min(shape)
    Q, R = np.linalg.qr(rng.standard_normal((rows, columns)))
    Q *= np.where(np.diagonal(R) < 0, -1.0, 1.0)  # without the signs Q would not be Haar distributed
    scaled: HostMatrix = np.sqrt(rows) * (Q if shape[0] == rows else Q.T)
    return scaled


def signs(rng: Generator, shape: tuple[int, int]) -> HostMatrix:
    """Draw independent entries +1 or -1 with equal chance."""
    return 2.0 * rng.integers(0, 2, size=shape) - 1.0


_DRAWS: dict[str, Callable[[Generator, tuple[int, int]], HostMatrix]] = {
    "gaussian": gaussian,
    "uniform": uniform,
    "orthogonal": orthogonal,
    "signs": signs,
}
INITIALIZATIONS = tuple(_DRAWS)
"""The names of all distributions of initial weights."""


def check_initialization(name: str) -> str:
    """Return the name of a distribution of initial weights if there is one."""
    return one_of("initialization", name, INITIALIZATIONS)


def draw(name: str, rng: Generator, shape: tuple[int, int]) -> HostMatrix:
    """Draw a matrix with entries of mean 0 and variance 1.

    Examples
    --------
    >>> draw("orthogonal", np.random.default_rng(0), (2, 4)).shape
    (2, 4)
    """
    return _DRAWS[check_initialization(name)](rng, shape)
