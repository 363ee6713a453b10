"""Synthetic sets by name: everything is drawn from one seed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from numerics.checks import require_integer
from numerics.data.dataset import DataSet
from numerics.data.preprocess import float_dtype
from numerics.data.synthetic_sets import SETS
from numerics.errors import InputError, unknown

SYNTHETIC_NAMES = tuple(SETS)
"""Names that ``synthetic_dataset`` knows."""


def synthetic_dataset(
    name: str, n: Any, d: Any, *, seed: Any = 0, test: Any = 0, dtype: Any = "float64", **parameters: Any
) -> DataSet:
    """Make a synthetic set by its name.

    The seed decides the teacher, then the training samples, then the test samples, so that the number of test
    samples changes neither.

    Parameters
    ----------
    name : str
        One of the names below, with its own parameters and their defaults:

        - ``linear_teacher``: ``outputs=1``; coefficients from N(0, 1/d);
        - ``quadratic_teacher``: ``rank=None`` (d); random eigenvectors, eigenvalues from N(0, 1/rank);
        - ``chain_monomial``: ``rank=3``;
        - ``multi_index``: ``rank=2``, ``degree=3``; random orthonormal directions, all monomials of degree
          1 to ``degree`` with coefficients from N(0, 1);
        - ``random_labels``: ``outputs=1``, ``law="gaussian"`` or ``"sign"``;
        - ``alignment_breaking_mixture``: ``balance=0.1``, ``variance=0.0``, ``strengths=None``.

        All but the last take Gaussian inputs with ``decay=0.0``, ``trace=None`` and ``rotate=False``, a random
        rotation of the covariance; teachers act on the rotated inputs.
    n, d : int
        Number of training samples (at least 2) and of inputs.
    seed : int
        Source of all randomness.
    test : int
        Number of test samples; with 0 there is no test set.
    dtype : str or numpy.dtype
        ``float64`` or ``float32``; numbers are drawn in float64.
    **parameters
        Parameters of the set.

    Returns
    -------
    DataSet
        The samples; ``directions`` spans the subspace on which the targets depend, where there is one.

    Raises
    ------
    InputError
        If the name or a parameter is unknown, or a number is out of range.

    Examples
    --------
    >>> synthetic_dataset("chain_monomial", 50, 8, rank=4, decay=0.5)
    DataSet(chain_monomial: 50 training samples, X (50, 8), Y (50, 1), float64)
    """
    precision = float_dtype(dtype)
    require_integer("n", n, 2)
    require_integer("d", d, 1)
    require_integer("test", test, 0)
    require_integer("seed", seed, 0)
    if name not in SETS:
        raise InputError(unknown("synthetic set", name, SYNTHETIC_NAMES))
    _check_parameters(name, parameters)
    rng = np.random.default_rng(seed)
    draw, directions = SETS[name](d, rng, **parameters)
    X, Y = (array.astype(precision, copy=False) for array in draw(n))
    X_test, Y_test = (array.astype(precision, copy=False) for array in draw(test)) if test else (None, None)
    settings = ", ".join(f"{key}={value}" for key, value in {"seed": seed, **parameters}.items())
    return DataSet(name, X, Y, X_test=X_test, Y_test=Y_test, source=f"synthetic, {settings}", directions=directions)


def _check_parameters(name: str, parameters: dict[str, Any]) -> None:
    known = [
        key
        for key, parameter in inspect.signature(SETS[name]).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    for key in parameters:
        if key not in known:
            raise InputError(unknown(f"parameter of {name}", key, known))
