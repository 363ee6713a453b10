"""What a prediction may be asked for, and what it says otherwise."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.blocks import row_blocks
from numerics import MLP, InputError
from numerics.data.stored import StoredRows

CHOICES = ("zero", "average")
_BLOCK = 2**22  # numbers that are looked at together


def check_data(X: Any, Y: Any, net: MLP) -> tuple[Any, Any]:
    """Check inputs and labels, a few samples at a time, without a copy of the inputs.

    Parameters
    ----------
    X : array_like, (n, d)
        Inputs, which may be a memory-mapped file.
    Y : array_like, (n, c)
        Labels.
    net : MLP
        Whose widths must fit.

    Returns
    -------
    X : ndarray or StoredRows
        As given, nothing read that is stored; `floating` tells in which dtype it is to be used.
    Y : ndarray
        Of that dtype.

    Raises
    ------
    InputError
        A shape does not fit, there are fewer than two samples, a number is not finite, all inputs are zero, or all
        labels are equal.
    """
    inputs, labels = rows_of(X), np.asarray(Y)
    d, c = net.widths[0], net.widths[-1]
    if inputs.ndim != 2 or inputs.shape[1] != d:
        raise InputError(f"X must have shape (n, {d}), got {inputs.shape}")
    if len(inputs) < 2:
        raise InputError(f"X must have at least 2 samples, got {len(inputs)}")
    _require_finite("X", inputs, floating(inputs))
    labels = matrix_of_outputs("Y", labels, (len(inputs), c), floating(inputs))
    if not any(inputs[rows].any() for rows in pieces(inputs)):
        raise InputError("X must not be zero everywhere: the alignment is undefined")
    check_labels_vary(labels)
    return inputs, labels


def check_labels_vary(labels: Any) -> None:
    """Refuse labels that are all equal.

    Parameters
    ----------
    labels : (n, c) array
        Labels.

    Raises
    ------
    InputError
        They are.
    """
    if (labels == labels[0]).all():
        shown = f"{labels[0, 0]:g}" if labels.shape[1] == 1 else f"a row of {labels.shape[1]} values"
        raise InputError(
            f"labels must not be constant (no feature explains them and the alignment is undefined), got {shown} for "
            f"all {len(labels)} samples"
        )


def rows_of(X: Any) -> Any:
    """Take inputs as they are if rows can be read from them.

    Parameters
    ----------
    X : array_like
        An array, or a variable of xarray, zarr, h5py or Dask, which is left where it is stored.

    Returns
    -------
    ndarray or StoredRows
        Something that gives rows.
    """
    if isinstance(X, np.ndarray | StoredRows):
        return X
    stored = isinstance(getattr(X, "dtype", None), np.dtype) and hasattr(X, "shape") and hasattr(X, "__getitem__")
    return StoredRows(X, "X") if stored else np.asarray(X)


def floating(X: Any) -> Any:
    """Choose the dtype of a computation.

    Parameters
    ----------
    X : array
        Inputs.

    Returns
    -------
    dtype
        float32 if the inputs are, else float64.

    Examples
    --------
    >>> floating(np.zeros((2, 2), np.uint8)).__name__
    'float64'
    """
    return np.float32 if X.dtype == np.float32 else np.float64


def matrix_of_outputs(name: str, values: Any, shape: tuple[int, int], dtype: Any) -> Any:
    """Read an array with one row per sample and one column per output.

    Parameters
    ----------
    name : str
        Named in the error.
    values : array_like
        The array.
    shape : tuple of two int
        ``(n, c)``.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray
        Of the given shape and dtype.

    Raises
    ------
    InputError
        The shape does not fit or a number is not finite.
    """
    array = np.asarray(values)
    if array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, got {array.shape}")
    _require_finite(name, array, dtype)
    return array.astype(dtype, copy=False)


def _require_finite(name: str, array: Any, dtype: Any) -> None:
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    wrong = 0
    for rows in pieces(array):
        part = array[rows].astype(dtype, copy=False)
        wrong += part.size - int(np.isfinite(part).sum())
    if wrong:
        raise InputError(f"{name} must be finite in {np.dtype(dtype)}, got {wrong} values that are not")


def pieces(array: Any) -> Iterator[slice]:
    """Cut a matrix into slices of rows that fit into memory.

    Parameters
    ----------
    array : (n, d) array
        The matrix, perhaps stored elsewhere.

    Yields
    ------
    slice
        From the first to the last.
    """
    return row_blocks(len(array), max(1, _BLOCK // array.shape[1]))


def choose_initial_function(initial_function: Any, net: MLP) -> Any:
    """Fill in the default and check a name.

    Parameters
    ----------
    initial_function : None, str or array_like
        What the caller gave.
    net : MLP
        Decides the default.

    Returns
    -------
    str or array_like
        ``"zero"``, ``"average"``, or the array, unread.

    Raises
    ------
    InputError
        The name is neither.
    """
    if initial_function is None:
        return "zero" if net.zero_initial_function or net.parametrization in ("mup", "mean_field") else "average"
    if isinstance(initial_function, str) and initial_function not in CHOICES:
        raise InputError(f'initial_function must be "zero", "average" or an array, got {initial_function!r}')
    return initial_function


def whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Read a count.

    Parameters
    ----------
    name : str
        Named in the error.
    value : int
        What the caller gave.
    low, high : int
        The range, both ends included; without `high` there is no upper end.

    Returns
    -------
    int
        The value.

    Raises
    ------
    InputError
        It is not an integer in the range.
    """
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not fits or value < low or (high is not None and value > high):
        span = f"at least {low}" if high is None else f"in {low}..{high}"
        raise InputError(f"{name} must be {'' if fits else 'an integer '}{span}, got {value!r}")
    return int(value)
