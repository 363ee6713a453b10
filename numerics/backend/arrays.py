"""Arrays of any namespace: where they come from, how a host array joins them, how they come home."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_cupy_array, is_torch_array, to_device
from jaxtyping import Shaped
from numpy.typing import NDArray

from numerics.errors import InputError

Array = Any
"""An array of any namespace of the Python array API; shapes are given with jaxtyping and checked in tests."""


def as_floating(name: str, values: Any) -> Array:
    """Return `values` as a real floating array, the same object if it is one, else converted to float64."""
    if not is_array_api_obj(values):
        try:
            values = np.asarray(values)
        except ValueError as error:
            raise InputError(f"{name} must be a rectangular array of numbers: {error}") from None
    xp = array_namespace(values)
    if xp.isdtype(values.dtype, "real floating"):
        return values
    if xp.isdtype(values.dtype, ("integral", "bool")):
        return xp.astype(values, xp.float64)
    raise InputError(f"{name} must hold real numbers, got dtype {values.dtype}")


def like(host: Any, reference: Array) -> Array:
    """Move a host array to the namespace, dtype and device of `reference`."""
    xp = array_namespace(reference)
    return xp.asarray(np.asarray(host), dtype=reference.dtype, device=device(reference))


def to_host(array: Array) -> NDArray[Any]:
    """Bring an array of any namespace to the host as a NumPy array."""
    if is_cupy_array(array):
        return np.asarray(array.get())  # CuPy never converts implicitly
    if is_torch_array(array):
        return np.asarray(to_device(array.detach(), "cpu"))
    return np.asarray(array)


def require_finite(name: str, array: Shaped[Array, "n ..."]) -> None:
    """Refuse an array with a NaN or an infinity, naming the first row that holds one."""
    xp = array_namespace(array)
    finite = xp.isfinite(array)
    if bool(xp.all(finite)):
        return
    host = to_host(finite).reshape(array.shape[0], -1)
    row = int(np.flatnonzero(~host.all(axis=1))[0])
    column = int(np.flatnonzero(~host[row])[0])
    value = to_host(array).reshape(array.shape[0], -1)[row, column]
    raise InputError(f"{name} must be finite, got {value} in row {row}, column {column}")
