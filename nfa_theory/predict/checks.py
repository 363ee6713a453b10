"""What a prediction may be asked for, and what it says otherwise."""

from typing import Any

import numpy as np

from numerics import MLP, InputError

CHOICES = ("zero", "average")


def check_data(X: Any, Y: Any, net: MLP) -> tuple[Any, Any]:
    """Read inputs and labels.

    Parameters
    ----------
    X : array_like, (n, d)
        Inputs.
    Y : array_like, (n, c)
        Labels.
    net : MLP
        Whose widths must fit.

    Returns
    -------
    X, Y : ndarray
        Of one dtype: float32 if X is, else float64.

    Raises
    ------
    InputError
        A shape does not fit, there are fewer than two samples, a number is not finite, or all inputs are zero.
    """
    inputs, labels = np.asarray(X), np.asarray(Y)
    dtype = np.float32 if inputs.dtype == np.float32 else np.float64
    d, c = net.widths[0], net.widths[-1]
    if inputs.ndim != 2 or inputs.shape[1] != d:
        raise InputError(f"X must have shape (n, {d}), got {inputs.shape}")
    if len(inputs) < 2:
        raise InputError(f"X must have at least 2 samples, got {len(inputs)}")
    inputs = _finite("X", inputs, dtype)
    labels = matrix_of_outputs("Y", labels, (len(inputs), c), dtype)
    if not inputs.any():
        raise InputError("X must not be zero everywhere: the alignment is undefined")
    return inputs, labels


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
    return _finite(name, array, dtype)


def _finite(name: str, array: Any, dtype: Any) -> Any:
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool) or np.iscomplexobj(array):
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    array = array.astype(dtype, copy=False)
    wrong = array.size - int(np.isfinite(array).sum())
    if wrong:
        raise InputError(f"{name} must be finite in {np.dtype(dtype)}, got {wrong} values that are not")
    return array


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


def check_residuals(R: Any) -> None:
    """Refuse residuals that vanish.

    Parameters
    ----------
    R : (n, c) array
        Labels minus the initial function.

    Raises
    ------
    InputError
        They are zero everywhere.
    """
    if not R.any():
        raise InputError(
            "the residuals Y - f must not be zero everywhere: the network does not move and its alignment is undefined"
        )
