"""One data set in memory: inputs, targets, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.checks import require_integer
from numerics.data.notes import FEW, note
from numerics.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Inputs ``X`` and targets ``Y``, rows are samples; optionally a test set; the license and the source.

    Parameters
    ----------
    name : str
        Name of the set, as in ``load_dataset`` or ``synthetic_dataset``, or the stem of the user's file.
    X : (n, d) array of floats
        Training inputs. Images are flattened row by row, the channel last: pixel (i, j) of channel k is
        column ``(i * width + j) * channels + k``.
    Y : (n, c) array of floats
        Training targets.
    labels : (n,) array of ints, optional
        Class of each training sample, from 0, where the targets encode classes.
    X_test, Y_test, labels_test : arrays, optional
        The same for the test set.
    image_shape : (height, width, channels), optional
        Shape of one row of ``X`` as an image.
    class_names : tuple of str, optional
        Name of each class.
    license, source : str
        Terms of use, and what to cite.
    directions : (d, r) array of floats, optional
        Orthonormal basis of the inputs' subspace on which a synthetic teacher depends.

    Raises
    ------
    InputError
        If shapes do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> DataSet("two points", np.eye(2), np.ones((2, 1)))
    DataSet(two points: 2 training samples, X (2, 2), Y (2, 1), float64)
    """

    name: str
    X: NDArray[Any]
    Y: NDArray[Any]
    labels: NDArray[Any] | None = None
    X_test: NDArray[Any] | None = None
    Y_test: NDArray[Any] | None = None
    labels_test: NDArray[Any] | None = None
    image_shape: tuple[int, int, int] | None = None
    class_names: tuple[str, ...] | None = None
    license: str = ""
    source: str = ""
    directions: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        _check_split(self.name, "", self.X, self.Y, self.labels)
        if (self.X_test is None) != (self.Y_test is None):
            raise InputError(f"{self.name}: X_test and Y_test must be given together, got only one of them")
        if self.X_test is not None and self.Y_test is not None:
            _check_split(self.name, "_test", self.X_test, self.Y_test, self.labels_test)
            _check_columns(self.name, "X", self.X, self.X_test)
            _check_columns(self.name, "Y", self.Y, self.Y_test)
        if self.image_shape is not None and np.prod(self.image_shape) != self.X.shape[1]:
            raise InputError(
                f"{self.name}: image_shape {self.image_shape} must have as many pixels as X has columns, "
                f"got {self.X.shape[1]} columns"
            )

    def __repr__(self) -> str:
        """Say name and shapes in one line."""
        rows = f"{len(self.X)} training"
        if self.X_test is not None:
            rows += f" + {len(self.X_test)} test"
        parts = [f"{rows} samples", f"X {self.X.shape}", f"Y {self.Y.shape}"]
        if self.image_shape is not None:
            parts.append("images {} x {} x {}".format(*self.image_shape))
        if self.class_names is not None:
            parts.append(f"{len(self.class_names)} classes")
        parts.append(str(self.X.dtype))
        return f"DataSet({self.name}: {', '.join(parts)})"

    def some(self, samples: int) -> "DataSet":
        """Choose training samples at random, always the same ones, with a share of every class.

        Parameters
        ----------
        samples : int
            How many, at least 2; all if there are no more.

        Returns
        -------
        DataSet
            With the same test set. A `DataWarning` says how many were taken.
        """
        n = len(self.X)
        require_integer("samples", samples, 2)
        if samples >= n:
            if samples > n:
                note(f"{self.name}: has {n} samples, fewer than the {samples} asked for: all are taken")
            return self
        chosen = _with_every_class(self.Y, samples, np.random.default_rng(0))
        note(f"{self.name}: {samples} of {n} samples are taken, drawn at random and always the same")
        labels = None if self.labels is None else self.labels[chosen]
        return replace(self, X=self.X[chosen], Y=self.Y[chosen], labels=labels)

    def describe(self) -> str:
        """Give the one-line summary, then the classes, the license and the source, a line each.

        Returns
        -------
        str
            One line of shapes, and one more for each that is known.
        """
        lines = [repr(self)]
        if self.class_names is not None:
            lines.append("classes: " + ", ".join(self.class_names))
        if self.license:
            lines.append("license: " + self.license)
        if self.source:
            lines.append("source: " + self.source)
        return "\n".join(lines)


def _check_split(name: str, suffix: str, X: NDArray[Any], Y: NDArray[Any], labels: NDArray[Any] | None) -> None:
    for symbol, array in (("X", X), ("Y", Y)):
        if array.ndim != 2:
            raise InputError(
                f"{name}: {symbol}{suffix} must be two-dimensional, rows are samples, got shape {array.shape}"
            )
    if len(X) != len(Y):
        raise InputError(f"{name}: X{suffix} and Y{suffix} must have equally many rows, got {len(X)} and {len(Y)}")
    if labels is not None and labels.shape != (len(X),):
        raise InputError(f"{name}: labels{suffix} must have shape ({len(X)},), got {labels.shape}")


def _check_columns(name: str, symbol: str, train: NDArray[Any], test: NDArray[Any]) -> None:
    if train.shape[1] != test.shape[1]:
        raise InputError(
            f"{name}: {symbol}_test must have as many columns as {symbol} ({train.shape[1]}), got {test.shape[1]}"
        )


def _with_every_class(Y: NDArray[Any], samples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw samples; where there are few different labels, first one of each."""
    order = rng.permutation(len(Y))
    _, first = np.unique(Y[order], axis=0, return_index=True)
    if len(first) <= min(FEW, samples):
        order = np.concatenate([order[np.sort(first)], np.delete(order, first)])
    return np.sort(order[:samples])
