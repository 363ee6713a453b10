"""Labels that know nothing of the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from numerics.checks import require_integer
from numerics.errors import InputError, unknown

LAWS = ("gaussian", "sign")


def random_labels(
    n: Any, rng: np.random.Generator, *, outputs: Any = 1, law: str = "gaussian"
) -> Float[np.ndarray, "n c"]:
    """Independent labels of mean 0 and variance 1.

    Parameters
    ----------
    n : int
        Number of samples.
    rng : numpy.random.Generator
        Source of randomness.
    outputs : int
        Number of columns.
    law : str
        ``"gaussian"`` for N(0, 1), ``"sign"`` for +1 or -1 with equal probability.

    Returns
    -------
    (n, outputs) array
        The labels.

    Raises
    ------
    InputError
        If a number is out of range or the law is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> random_labels(2, np.random.default_rng(0), law="cauchy")
    Traceback (most recent call last):
    numerics.errors.InputError: unknown law of labels 'cauchy'; expected one of gaussian, sign
    """
    require_integer("n", n, 1)
    require_integer("outputs", outputs, 1)
    if law not in LAWS:
        raise InputError(unknown("law of labels", law, LAWS))
    if law == "sign":
        return 1.0 - 2.0 * rng.integers(0, 2, size=(n, outputs))
    return rng.standard_normal((n, outputs))
