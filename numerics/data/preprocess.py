"""From bytes to numbers: which samples, how pixels are scaled, how classes become targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import DTypeLike, NDArray

from numerics.errors import InputError, unknown

STANDARDIZATIONS = ("channel", "none", "unit_sphere")


def float_dtype(dtype: Any) -> np.dtype[Any]:
    """Accept float32 and float64, by name or as a type."""
    accepted = (np.dtype("float32"), np.dtype("float64"))
    try:
        return accepted[accepted.index(np.dtype(dtype))]
    except (TypeError, ValueError) as error:
        raise InputError(f"dtype must be float32 or float64, got {dtype}") from error


def balanced_order(labels: NDArray[Any], rng: np.random.Generator) -> Int[np.ndarray, "n"]:
    """Shuffle samples so that every beginning of the list has all classes as equally often as possible.

    The first sample of each class in a random order comes first, then the second of each class, and so on;
    so the choice of n samples is contained in that of n + 1.
    """
    order = rng.permutation(len(labels))
    shuffled = labels[order]
    rank = np.empty(len(labels), dtype=np.int64)  # how many of its class come before a sample
    for label in np.unique(shuffled):
        members = np.flatnonzero(shuffled == label)
        rank[members] = np.arange(len(members))
    return order[np.argsort(rank, kind="stable")]


def one_hot(
    labels: NDArray[Any], classes: int, *, center: bool = True, dtype: DTypeLike = np.float64
) -> Float[np.ndarray, "n c"]:
    """Turn classes into targets: 1 at the class and 0 elsewhere, minus ``1 / classes`` if centered.

    Parameters
    ----------
    labels : (n,) array of ints
        Classes from 0 to ``classes - 1``.
    classes : int
        Number of classes.
    center : bool
        Subtract ``1 / classes``, so that each row sums to zero.
    dtype : dtype
        Type of the result.

    Returns
    -------
    (n, classes) array
        The targets.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot(np.array([1, 0]), 2)
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    """
    Y = np.zeros((len(labels), classes), dtype=dtype)
    Y[np.arange(len(labels)), labels] = 1
    return Y - Y.dtype.type(1 / classes) if center else Y


def standardize_images(
    train: NDArray[Any], test: NDArray[Any] | None, method: str, dtype: DTypeLike
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Scale pixels and flatten images."""
    if method not in STANDARDIZATIONS:
        raise InputError(unknown("standardization", method, STANDARDIZATIONS))
    if method == "channel":
        mean, deviation = (statistic.astype(dtype) for statistic in _channel_statistics(train))
    else:
        mean, deviation = np.zeros(1, dtype), np.ones(1, dtype)

    def scale(images: NDArray[Any]) -> NDArray[Any]:
        X = images.astype(dtype, order="C")
        X /= 255
        X -= mean
        X /= deviation
        X = X.reshape(len(X), -1)
        return _on_sphere(X) if method == "unit_sphere" else X

    return scale(train), None if test is None else scale(test)


def _channel_statistics(images: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and standard deviation of each channel from the counts of the 256 pixel values: exact, no copy."""
    values = np.arange(256) / 255
    counts = np.stack([np.bincount(images[..., k].ravel(), minlength=256) for k in range(images.shape[-1])])
    frequency = counts / counts.sum(axis=1, keepdims=True)
    mean = frequency @ values
    variance = np.sum(frequency * (values - mean[:, None]) ** 2, axis=1)
    constant = np.flatnonzero((counts > 0).sum(axis=1) == 1)
    if len(constant):
        raise InputError(f"standardize='channel' needs pixels that vary, got a constant channel {int(constant[0])}")
    return mean, np.sqrt(variance)


def _on_sphere(X: NDArray[Any]) -> NDArray[Any]:
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    black = np.flatnonzero(norms == 0)
    if len(black):
        raise InputError(
            f"standardize='unit_sphere' needs images that are not black, got a black one in row {int(black[0])}"
        )
    on_sphere: NDArray[Any] = X / norms
    return on_sphere
