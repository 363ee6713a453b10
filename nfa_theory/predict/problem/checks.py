"""What a prediction may be asked for, and what it says otherwise."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.kernels.blocks import row_blocks
from numerics import MLP, ConvNet, InputError
from numerics.data.stored import StoredRows

CHOICES = ("zero", "average")
_BLOCK = 2**22  # numbers that are looked at together


def check_data(X: Shaped[Any, "n d"], Y: Shaped[Any, "n c"], net: MLP | ConvNet) -> tuple[Any, Any]:
    """Check inputs and labels, a few samples at a time, without a copy of the inputs."""
    inputs, labels = rows_of(X), np.asarray(Y)
    d, c = net.inputs, net.outputs
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


def check_dense(what: str, net: Any) -> None:
    """Refuse a network that is not fully connected where theory is built for those alone."""
    if not isinstance(net, MLP):
        raise InputError(f"{what} takes an MLP, got a {type(net).__name__}")


def check_labels_vary(labels: Shaped[Any, "n c"]) -> None:
    """Refuse labels that are all equal."""
    if (labels == labels[0]).all():
        shown = f"{labels[0, 0]:g}" if labels.shape[1] == 1 else f"a row of {labels.shape[1]} values"
        raise InputError(
            f"labels must not be constant (no feature explains them and the alignment is undefined), got {shown} for "
            f"all {len(labels)} samples"
        )


def rows_of(X: Any) -> Any:
    """Take inputs as they are if rows can be read from them."""
    if isinstance(X, np.ndarray | StoredRows):
        return X
    stored = isinstance(getattr(X, "dtype", None), np.dtype) and hasattr(X, "shape") and hasattr(X, "__getitem__")
    return StoredRows(X, "X") if stored else np.asarray(X)


def floating(X: Any) -> Any:
    """Choose the dtype of a computation.

    Examples
    --------
    >>> floating(np.zeros((2, 2), np.uint8)).__name__
    'float64'
    """
    return np.float32 if X.dtype == np.float32 else np.float64


def matrix_of_outputs(name: str, values: Any, shape: tuple[int, int], dtype: Any) -> Any:
    """Read an array with one row per sample and one column per output."""
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


def pieces(array: Shaped[Any, "n d"]) -> Iterator[slice]:
    """Cut a matrix into slices of rows that fit into memory."""
    return row_blocks(len(array), max(1, _BLOCK // array.shape[1]))


def choose_initial_function(initial_function: Any, net: MLP | ConvNet) -> Any:
    """Fill in the default and check a name."""
    if initial_function is None:
        return "zero" if net.zero_initial_function or net.parametrization in ("mup", "mean_field") else "average"
    if isinstance(initial_function, str) and initial_function not in CHOICES:
        raise InputError(f'initial_function must be "zero", "average" or an array, got {initial_function!r}')
    return initial_function


def whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Read a count."""
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not fits or value < low or (high is not None and value > high):
        span = f"at least {low}" if high is None else f"in {low}..{high}"
        raise InputError(f"{name} must be {'' if fits else 'an integer '}{span}, got {value!r}")
    return int(value)
