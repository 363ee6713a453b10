"""Labels that are classes: which there are, their targets, and when labels only look like classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from numerics.backend.arrays import to_host
from numerics.data.notes import FEW
from numerics.data.preprocess import one_hot
from numerics.errors import InputError


@dataclass(frozen=True)
class Classes:
    """The classes of some labels.

    Parameters
    ----------
    values : array (k,)
        Each class as it stands in the data, increasing: 1, 2, 3, or -1, 1, or "cat", "dog".
    """

    values: Any

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(str(value) for value in self.values)

    def numbers(self, name: str, labels: Any) -> Int[np.ndarray, "n"]:
        """Return the number of each label's class, from 0."""
        column = _column(name, labels)
        places: Int[np.ndarray, " n"] = np.clip(np.searchsorted(self.values, column), 0, len(self.values) - 1)
        wrong = np.flatnonzero(self.values[places] != column)
        if len(wrong):
            row = int(wrong[0])
            raise InputError(
                f"{name} must hold classes of the training labels ({_listed(self.values)}), "
                f"got {column[row]} in row {row}"
            )
        return places

    def targets(self, numbers: Int[np.ndarray, "n"], *, center: bool, dtype: Any) -> Float[np.ndarray, "n c"]:
        """Return one-hot rows, minus ``1 / classes`` if centered."""
        return one_hot(numbers, len(self.values), center=center, dtype=dtype)


def find_classes(name: str, labels: Any) -> Classes:
    """Find the classes among labels: integers, text, or rows that mark one class."""
    column = _column(name, labels)
    values = np.unique(column)
    if len(values) < 2:
        raise InputError(f"{name} must hold at least 2 classes, got {_listed(values)} alone")
    if len(values) == len(column) > 2:
        raise InputError(f"{name} must hold classes, got {len(values)} different labels for {len(column)} samples")
    return Classes(values)


def marks_classes(Y: Any) -> bool:
    """Tell whether every row has one entry of the greater of two values."""
    Y = np.asarray(to_host(Y))
    if Y.ndim != 2 or Y.shape[1] < 2 or Y.dtype.kind not in "buif":
        return False
    top, low = Y.max(), Y.min()
    return bool(((Y == top) | (Y == low)).all() and ((Y == top).sum(axis=1) == 1).all())


def look_like_classes(labels: Any) -> bool:
    """Tell whether one column holds few different integers; -1 and 1 are labels of their own right."""
    labels = np.asarray(to_host(labels))
    if labels.ndim not in (1, 2) or labels.size != len(labels) or labels.dtype.kind not in "buif":
        return False
    values = np.unique(labels[: 10**5])
    if not 2 <= len(values) <= min(FEW, max(2, len(labels) // 2)) or values.tolist() == [-1, 1]:
        return False
    return bool((values == np.floor(values)).all())


def are_classes(labels: Any, loss: str) -> bool:
    """Tell whether a column of labels that nobody has explained can only be classes: of the cross-entropy."""
    labels = np.asarray(to_host(labels))
    signs = labels.size == len(labels) and labels.dtype.kind in "if" and set(np.unique(labels).tolist()) == {-1, 1}
    return loss == "cross_entropy" and (signs or look_like_classes(labels))


def _column(name: str, labels: Any) -> Any:
    labels = np.asarray(to_host(labels))
    if marks_classes(labels):
        return labels.argmax(axis=1)
    if labels.ndim not in (1, 2) or labels.size != len(labels):
        raise InputError(
            f"{name} must be one column of classes, or rows that mark one class each, got shape {labels.shape}"
        )
    column = labels.reshape(-1)
    if column.dtype.kind == "f":
        bad = np.flatnonzero(column != np.floor(column))  # NaN too
        if len(bad):
            row = int(bad[0])
            raise InputError(f"{name} must hold integer classes, got {column[row]} in row {row}")
        return column.astype(np.int64) if np.abs(column).max(initial=0) < 2**53 else column
    return column


def _listed(values: Any) -> str:
    shown = ", ".join(map(str, values[:5]))
    return shown if len(values) <= 5 else f"{shown}, ... ({len(values)} classes)"
