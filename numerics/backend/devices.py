"""Where arrays live: on the host, or on a GPU through CuPy."""

from typing import Any

from numerics.backend.arrays import Array, to_host
from numerics.checks import one_of
from numerics.errors import InputError

DEVICES = ("cpu", "gpu")
"""The names of all devices."""


def on_device(array: Any, device: str) -> Array:
    """Return an array as NumPy's on the host or as CuPy's on the GPU; every function follows the array it is given.

    Parameters
    ----------
    array : array
        An array of any namespace.
    device : {"cpu", "gpu"}
        Where it shall be.

    Returns
    -------
    array
        Of the same shape and dtype.

    Raises
    ------
    InputError
        If the device is unknown, or there is no CuPy or no GPU.
    """
    one_of("device", device, DEVICES)
    host = to_host(array)
    if device == "cpu":
        return host
    try:
        import cupy

        return cupy.asarray(host)
    except Exception as error:  # no CuPy, no driver, no card: each fails in its own way
        raise InputError(
            f"device gpu needs CuPy (the extra 'gpu') and an NVIDIA GPU, got {type(error).__name__}: {error}"
        ) from None
