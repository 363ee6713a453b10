"""A labelled data set as the files of one zarr group, and back: version 3 of the format, whole arrays, uncompressed.

Written here and not by the library because every run is a group: the library takes ten times as long for one (see
``benchmarks/sweeps.py``). What is written is plain zarr, which the library and xarray open; what is read is this layout
and nothing else, so that a group from a stranger is numbers and text, or is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr

from numerics.errors import InputError

GROUP: Final = "zarr.json"
"""The file that makes a folder a group; it is written last."""
KINDS: Final = "biufc"
_TYPES: Final = {
    str(np.dtype(name)): np.dtype(name).newbyteorder("<")
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip
_BYTES: Final = [{"name": "bytes", "configuration": {"endian": "little"}}]
_KEYS: Final = {"name": "v2", "configuration": {"separator": "."}}


def group(attributes: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> bytes:
    """Write the description of a group, with that of its arrays if there are any."""
    content: dict[str, Any] = {"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"}
    if arrays is not None:
        content["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": dict(arrays)}
    return _json(content)


def encode(record: xr.Dataset, attributes: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a data set as files by path; text becomes an attribute, since zarr has no settled type for it."""
    files: dict[str, bytes] = {}
    described: dict[str, Any] = {}
    text: dict[str, Any] = {}
    for name, variable in sorted(record.variables.items(), key=lambda pair: str(pair[0])):
        key, values = _checked_name(name), np.asarray(variable.values)
        if values.dtype.kind in "UO":
            text[key] = {"dims": list(variable.dims), "values": _text(key, values).tolist()}
            continue
        described[key] = _array(key, values, variable)
        files[f"{key}/{GROUP}"] = _json(described[key])
        if values.size:
            files[f"{key}/{chunk_key(values.ndim)}"] = values.astype(_TYPES[str(values.dtype)]).tobytes()
    kept: dict[str, Any] = {**dict(record.attrs), **attributes}
    apart = sorted(str(name) for name in record.coords if str(name) not in record.dims and str(name) in described)
    if apart:
        kept["coordinates"] = " ".join(apart)
    labels = {str(name): index.values.tolist() for name, index in record.variables.items() if index.dims == (name,)}
    kept |= {"sweep_labels": labels, "sweep_text": text, "sweep_sha256": checksum(files)}
    return files | {GROUP: group(kept, described)}


def checksum(files: Mapping[str, bytes]) -> str:
    """Return a digest of all files but the description of the group, which holds it."""
    digest = hashlib.sha256()
    for path in sorted(files):
        if path != GROUP:
            digest.update(f"{path} {len(files[path])}\n".encode())
            digest.update(files[path])
    return digest.hexdigest()


def decode_group(content: bytes, where: str) -> dict[str, Any]:
    """Read the description of a group: its attributes, and under ``"arrays"`` those of its arrays by name."""
    try:
        read = json.loads(content)
        attributes = dict(read["attributes"])
        arrays = dict(read.get("consolidated_metadata", {}).get("metadata", {}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{where} must be a group of a sweep, got one that cannot be read ({error})") from None
    return {"attributes": attributes, "arrays": arrays}


def decode_array(description: Mapping[str, Any], content: bytes, where: str) -> np.ndarray[Any, Any]:
    """Read an array that `encode` wrote; any other layout is refused."""
    shape, dtype = layout(description, where)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise InputError(f"{where} must have {math.prod(shape) * dtype.itemsize} bytes, got {len(content)}")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def layout(description: Mapping[str, Any], where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype of an array in this layout."""
    shape, dtype = description.get("shape"), _TYPES.get(str(description.get("data_type")))
    known = (
        dtype is not None
        and isinstance(shape, list)
        and all(isinstance(size, int) and size >= 0 for size in shape)
        and description.get("codecs") == _BYTES
        and description.get("chunk_key_encoding") == _KEYS
        and description.get("chunk_grid") == _whole(shape)
    )
    if not known or dtype is None or shape is None:
        raise InputError(f"{where} must be a whole, uncompressed array of numbers, got another layout")
    return tuple(shape), dtype


def dimensions(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the axes of an array."""
    return tuple(map(str, description.get("dimension_names") or ()))


def chunk_key(ndim: int) -> str:
    """Return the name of the only file with the numbers of an array.

    Examples
    --------
    >>> chunk_key(3), chunk_key(0)
    ('0.0.0', '0')
    """
    return ".".join("0" * max(ndim, 1))


def _array(name: str, values: np.ndarray[Any, Any], variable: xr.Variable) -> dict[str, Any]:
    if values.dtype.kind not in KINDS or str(values.dtype) not in _TYPES:
        raise InputError(f"{name} must hold numbers, truth values or text, got dtype {values.dtype}")
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(values.shape),
        "data_type": str(values.dtype),
        "chunk_grid": _whole(list(values.shape)),
        "chunk_key_encoding": _KEYS,
        "fill_value": [0.0, 0.0] if values.dtype.kind == "c" else values.dtype.type(0).item(),
        "codecs": _BYTES,
        "attributes": dict(variable.attrs),
        "dimension_names": list(variable.dims),
        "storage_transformers": [],
    }


def _whole(shape: list[int]) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": [max(size, 1) for size in shape]}}


def _checked_name(name: Any) -> str:
    """Refuse names that would leave the group's folder."""
    text = str(name)
    if not text or text.startswith((".", "__")) or any(mark in text for mark in "/\\\0") or text == GROUP:
        raise InputError(f"a variable must have a name that can be a folder's, got {text!r}")
    return text


def _text(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if all(isinstance(each, str) for each in values.ravel().tolist()):
        return values.astype(str)
    raise InputError(f"{name} must hold numbers, truth values or text, got Python objects")


def _json(content: Any) -> bytes:
    try:
        return json.dumps(content, sort_keys=True, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"attributes must be finite numbers, text, lists and dictionaries, got {error}") from None


def _plain(value: Any) -> Any:
    """Turn the numbers and arrays of NumPy into those of JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"an object of type {type(value).__name__}")
