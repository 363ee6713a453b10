"""From what a caller gives to inputs and targets: one place for every command and every function."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from numerics.backend.arrays import as_floating, to_host
from numerics.data.classes import Classes, are_classes, find_classes, look_like_classes, marks_classes
from numerics.data.conversion import as_array
from numerics.data.notes import note, what_dominates, what_labels_hold
from numerics.data.stored import StoredRows
from numerics.errors import DataWarning, InputError, unknown

STANDARDIZATIONS = ("none", "columns", "pixels", "unit_sphere")
"""How inputs can be scaled: not at all; columns of mean 0 and deviation 1; by 1/255; rows of norm 1."""
_BLOCK = 2**22


@dataclass(frozen=True)
class Prepared:
    """Inputs and targets, and what was done to them.

    Parameters
    ----------
    X : (n, d) array or StoredRows
        Inputs.
    Y : (n, c) array
        Targets.
    settings : dict
        What was asked for or noted, as JSON knows it; empty if nothing.
    classes : Classes, optional
        The classes, where labels were taken as such.
    unit : tuple of array, optional
        Offset and unit of the columns, where inputs were scaled by them.
    """

    X: Any
    Y: Any
    settings: dict[str, Any] = field(default_factory=dict)
    classes: Classes | None = None
    unit: tuple[Any, Any] | None = None

    def check_outputs(self, outputs: int) -> None:
        """Refuse a network that has not an output for every class."""
        columns = self.Y.shape[1]
        if self.classes is not None and columns != outputs:
            shown = ", ".join(self.classes.names[:5]) + (", ..." if columns > 5 else "")
            raise InputError(
                f"labels with {columns} classes ({shown}) need a network with {columns} outputs, got {outputs}"
            )
        if columns == 1 < outputs and look_like_classes(self.Y):
            raise InputError(
                f"labels in one column need a network with 1 output, got {outputs}; classes=True (--classes) makes "
                "each class an output"
            )

    def like(self, X: Any, Y: Any, name: str = "test ") -> tuple[Any, Any]:
        """Prepare further samples as the first ones were: the same classes, the same offsets and unit."""
        inputs = as_rows(f"{name}X", as_array(f"{name}X", X))
        if self.unit is not None:
            inputs = scaled(inputs, *self.unit)
        elif self.settings.get("standardize") == "unit_sphere":
            inputs = standardized(inputs, "unit_sphere")[0]
        labels = as_array(f"{name}Y", Y)
        if self.classes is not None:
            numbers = self.classes.numbers(f"{name}Y", labels)
            hot = self.classes.targets(numbers, center=self.settings["center_labels"], dtype=np.float64)
            return inputs, beside(hot, inputs)
        labels, offset = _together(as_column(labels), inputs), self.settings.get("label_offset")
        return inputs, labels if offset is None else as_floating(f"{name}Y", labels) - beside(offset, labels)


def prepare(
    X: Any,
    Y: Any,
    *,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
    loss: str = "mse",
) -> Prepared:
    """Read inputs and labels as they come, and say what is probably not meant.

    `classes`: take labels as classes (True), as numbers (False), or as numbers with a note if they look like classes
    (None); text is always classes, and so are integers for the cross-entropy, with a note. `center_labels` subtracts
    ``1 / classes`` from one-hot labels, the mean from others; by default that is done to classes, unless the loss is
    the cross-entropy.
    """
    how = check_standardization(standardize)
    given, labels = as_array("X", X), as_array("Y", Y)
    labels = labels[:] if isinstance(labels, StoredRows) else labels
    inputs, unit = standardized(as_rows("X", given), how)
    settings: dict[str, Any] = {} if how == "none" else {"standardize": how}
    notes = []
    if len(given.shape) > 2:
        notes.append(f"X {tuple(given.shape)} is flattened to {tuple(inputs.shape)}, row by row")
    text = isinstance(labels, np.ndarray) and labels.dtype.kind in "SU"
    if text and classes is False:
        raise InputError("Y must hold numbers with classes=False, got text")
    if len(labels.shape) not in (1, 2) or labels.shape[0] != inputs.shape[0]:
        raise InputError(
            f"X and Y must have shapes (n, d) and (n, c) with one n, got {tuple(given.shape)} and {tuple(labels.shape)}"
        )
    if classes is None and are_classes(labels, loss):
        notes.append(
            "Y is taken as classes, which the cross-entropy needs: classes=True (--classes) says that they are meant"
        )
        classes = True
    if classes or text:
        found = find_classes("Y", labels)
        center = loss != "cross_entropy" if center_labels is None else bool(center_labels)
        settings |= {"classes": list(found.names), "center_labels": center}
        hot = found.targets(found.numbers("Y", labels), center=center, dtype=np.float64)
        return _finished(Prepared(inputs, beside(hot, inputs), settings, found, unit), how, notes)
    if classes is None and look_like_classes(labels):
        notes.append(
            "Y looks like classes (few different integers) and is taken as numbers: classes=True (--classes) makes "
            "each class an output, classes=False (--no-classes) says that numbers are meant"
        )
    targets = _together(as_column(labels), inputs)
    one_hot_labels = marks_classes(targets) and set(np.unique(to_host(targets))) == {0, 1}
    if center_labels:
        offset = np.full(targets.shape[1], 1 / targets.shape[1]) if one_hot_labels else _mean(targets)
        targets = as_floating("Y", targets) - beside(offset, targets)
        settings |= {"center_labels": True, "label_offset": offset.tolist()}
    elif loss != "cross_entropy" and center_labels is None and not notes:
        held = what_labels_hold(targets)
        if one_hot_labels:
            held = "Y looks like one-hot labels with their mean left in, which every output then learns first"
        if held is not None:
            notes.append(f"{held}: center_labels=True (--center-labels) subtracts it, False says that it is meant")
    return _finished(Prepared(inputs, targets, settings, None, unit), how, notes)


def prepare_quietly(X: Any, Y: Any, **options: Any) -> Prepared:
    """Prepare without notes, which the functions that use the data give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return prepare(X, Y, **options)


def _finished(found: Prepared, how: str, notes: list[str]) -> Prepared:
    held = what_dominates(found.X) if how in ("none", "pixels") else None
    if held is not None:
        notes.append(
            f"{held}, which decides the result: standardize='columns' (--standardize columns) gives every column "
            "mean 0 and deviation 1"
        )
    for each in notes:
        note(each)
    if notes:
        found.settings["notes"] = notes
    return found


def check_standardization(standardize: str | bool | None) -> str:
    """Read how inputs are to be scaled; True means their columns."""
    name = {None: "none", False: "none", True: "columns"}.get(standardize, standardize)  # type: ignore[arg-type]
    if name not in STANDARDIZATIONS:
        raise InputError(unknown("standardization", str(name), STANDARDIZATIONS))
    return str(name)


def as_rows(name: str, X: Any) -> Any:
    """Put inputs into two dimensions, one sample a row, images row by row."""
    if isinstance(X, StoredRows):
        return X
    if isinstance(X, np.ndarray) and X.dtype.kind in "SU":
        raise InputError(f"{name} must hold numbers, got text; turn it into numbers (pandas.get_dummies)")
    if len(X.shape) < 2:
        raise InputError(
            f"{name} must have shape (samples, inputs), got {tuple(X.shape)}; {name}[:, None] has one input"
        )
    if 0 in X.shape:
        raise InputError(f"{name} must not be empty, got shape {tuple(X.shape)}")
    return X if len(X.shape) == 2 else array_namespace(X).reshape(X, (X.shape[0], -1))


def as_column(labels: Any) -> Any:
    """Make a column of a vector."""
    return labels[:, None] if len(labels.shape) == 1 else labels


def beside(host: Any, X: Any) -> Any:
    """Bring a host array to the namespace, the device and the float type of the inputs."""
    if isinstance(X, StoredRows | np.ndarray):
        return np.asarray(host, dtype=np.float32 if X.dtype == np.float32 else np.float64)
    xp = array_namespace(X)
    real = X.dtype if xp.isdtype(X.dtype, "real floating") else xp.float64
    return xp.asarray(host, dtype=real, device=device(X))


def _together(labels: Any, X: Any) -> Any:
    """Bring labels to the namespace of the inputs, if they come from another."""
    same = array_namespace(labels) is array_namespace(np.empty(0) if isinstance(X, StoredRows) else X)
    return labels if same else beside(to_host(labels), X)


def standardized(X: Any, how: str) -> tuple[Any, tuple[Any, Any] | None]:
    """Scale inputs, and return with what, for further samples."""
    if how == "none":
        return X, None
    if how == "unit_sphere":
        return _on_sphere(X), None
    unit = (np.zeros(1), np.full(1, 255.0)) if how == "pixels" else _column_statistics(X)
    return scaled(X, *unit), unit


def scaled(X: Any, offset: Any, unit: Any) -> Any:
    """Subtract an offset and divide by a unit, of every column."""
    if isinstance(X, StoredRows):
        return X.scaled(offset, unit)
    return (as_floating("X", X) - beside(offset, X)) / beside(unit, X)


def _on_sphere(X: Any) -> Any:
    if isinstance(X, StoredRows):
        raise InputError("standardize='unit_sphere' needs inputs in memory, got a file; give X[:]")
    X = as_floating("X", X)
    xp = array_namespace(X)
    norms = xp.linalg.vector_norm(X, axis=1, keepdims=True)
    if bool(xp.any(norms == 0)):
        row = int(np.flatnonzero(to_host(norms) == 0)[0])
        raise InputError(f"standardize='unit_sphere' needs samples that are not zero, got a zero one in row {row}")
    return X / norms


def _column_statistics(X: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of every column, a few rows at a time; 1 for a column that does not vary."""
    step = max(1, _BLOCK // X.shape[1])
    blocks = [slice(start, start + step) for start in range(0, X.shape[0], step)]
    mean = sum(_host(X, rows).sum(axis=0) for rows in blocks) / X.shape[0]
    square = sum(((_host(X, rows) - mean) ** 2).sum(axis=0) for rows in blocks) / X.shape[0]
    deviation = np.sqrt(square)
    rounding = 1e-12 * np.abs(mean)  # a constant column has a deviation of rounding only
    return mean, np.where(deviation > rounding, deviation, 1.0)


def _mean(Y: Any) -> Any:
    return np.asarray(to_host(Y), dtype=np.float64).mean(axis=0)


def _host(X: Any, rows: slice) -> Any:
    return np.asarray(to_host(X[rows] if isinstance(X, StoredRows | np.ndarray) else X[rows, ...]), dtype=np.float64)
