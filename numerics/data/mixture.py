"""Two clusters whose label strengths and frequencies disagree: data that break the early alignment."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from numerics.checks import require_integer, require_real
from numerics.errors import InputError


def alignment_breaking_mixture(
    n: Any, d: Any, rng: np.random.Generator, *, balance: Any = 0.1, variance: Any = 0.0, strengths: Any = None
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n 1"]]:
    """Sample inputs along two directions with label-weighted strengths a and b, plus isotropic noise.

    A share ``p = balance`` of the samples lies along the first coordinate axis u, the rest, ``q = 1 - p``,
    along the second axis v: ``x = s u + sqrt(variance) g`` or ``x = s v + sqrt(variance) g``, with a
    random sign s and g from N(0, I). The label is ``a / p`` along u and ``b / q`` along v; there p and q are the
    exact shares ``n_u / n`` and ``n_v / n``, with ``n_u = p n`` rounded. Samples are in random order.

    Without noise the second moments are therefore exact at any n: ``(1/n) sum x x^T = p u u^T + q v v^T`` and
    ``(1/n) sum y x x^T = a u u^T + b v v^T``. With noise their means gain ``variance I`` and
    ``variance (a + b) I``.

    Parameters
    ----------
    n, d : int
        Number of samples and of inputs, each at least 2.
    rng : numpy.random.Generator
        Source of randomness.
    balance : float
        The share p, between 0 and 1; the farther from 1/2, the lower the alignment can get.
    variance : float
        Variance of the noise in each coordinate. As it grows, both moments become proportional to the identity,
        and the early alignment of a wide quadratic network goes to 1.
    strengths : (float, float), optional
        The strengths a and b; None stands for ``a = 1``, ``b = (p / q)^(1/4)``, the worst ratio at
        variance 0.

    Returns
    -------
    X : (n, d) array
        Inputs.
    Y : (n, 1) array
        Labels.

    Raises
    ------
    InputError
        If a number is out of range, or a cluster would be empty.

    Notes
    -----
    The setting is that of Beaglehole, Mitliagkas and Agarwala (TMLR 2024): two clusters, a balance and a
    variance. The construction above is this package's own; it was not compared with the authors' code.
    """
    require_integer("n", n, 2)
    require_integer("d", d, 2)
    require_real("balance", balance)
    require_real("variance", variance, least=0)
    n_u = round(float(balance) * n)
    if not 0 < balance < 1 or not 0 < n_u < n:
        raise InputError(f"balance must be from 0 to 1 and leave samples in both clusters, got {balance} for n = {n}")
    p, q = n_u / n, (n - n_u) / n
    a, b = (1.0, (p / q) ** 0.25) if strengths is None else _pair(strengths)
    in_u = rng.permutation(n) < n_u
    X = np.sqrt(variance) * rng.standard_normal((n, d))
    X[np.arange(n), np.where(in_u, 0, 1)] += 1.0 - 2.0 * rng.integers(0, 2, size=n)
    return X, np.where(in_u, a / p, b / q)[:, None]


def _pair(strengths: Any) -> tuple[float, float]:
    values = np.asarray(strengths, dtype=np.float64)
    if values.shape != (2,) or not np.isfinite(values).all() or not values.any():
        raise InputError(f"strengths must be two finite numbers, not both zero, got {strengths}")
    return float(values[0]), float(values[1])
