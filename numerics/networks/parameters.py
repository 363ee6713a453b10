"""Weights and biases as one value, and their reading from what a caller has."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from numerics.backend.arrays import Array, like, require_finite, to_host
from numerics.errors import InputError


class Parameters(NamedTuple):
    """Weights and biases of a network, layer by layer, the readout last.

    Parameters
    ----------
    weights : tuple of array
        ``weights[l - 1]`` is `W` of layer `l`, shape (fan_out, fan_in).
    biases : tuple of array
        ``biases[l - 1]``, shape (fan_out,); empty in a network without biases.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...] = ()

    def __repr__(self) -> str:
        shapes = ", ".join(" x ".join(map(str, W.shape)) for W in self.weights)
        return f"Parameters(weights {shapes}; {'with' if self.biases else 'no'} biases)"


def read_parameters(
    weights: Any, shapes: Sequence[tuple[int, int]], *, bias: bool, reference: Array | None = None
) -> Parameters:
    """Read weights as a network's parameters, in the form that a caller has them, and check their shapes.

    Parameters
    ----------
    weights : Parameters, sequence, mapping, or fitted estimator
        `Parameters`; one matrix (fan_out, fan_in) a layer, the readout included; with biases pairs (matrix, bias); a
        state dict, whose matrices and vectors are taken in their order; an estimator of scikit-learn, with ``coefs_``
        and ``intercepts_``. Where the matrices have the shapes only if transposed, as in ``coefs_``, they are;
        where all layers are square this cannot be seen, and matrices are taken as (fan_out, fan_in).
    shapes : sequence of (int, int)
        (fan_out, fan_in) of every layer, the readout last.
    bias : bool
        Whether the network has biases.
    reference : array, optional
        Whose namespace, device and dtype the result has.

    Returns
    -------
    numerics.networks.parameters.Parameters
        Matrices (fan_out, fan_in) and biases (fan_out,).

    Raises
    ------
    InputError
        If something is missing, left over or of a wrong shape.
    """
    parameters = as_parameters(weights, bias=bias)
    layers = len(shapes)
    if len(parameters.weights) != layers:
        raise InputError(
            f"weights must have one matrix per layer ({layers} with the readout), got {len(parameters.weights)}"
        )
    if len(parameters.biases) != layers * bias:
        hint = "" if bias else " (a network has biases if it is made with bias=True)"
        raise InputError(f"biases must be given for {layers * bias} layers, got {len(parameters.biases)}{hint}")
    matrices, biases = (tuple(map(_as_array, group)) for group in parameters)
    given = [tuple(W.shape) for W in matrices]
    if given != list(shapes) and given == [shape[::-1] for shape in shapes]:
        matrices = tuple(W.T for W in matrices)
    return Parameters(
        tuple(
            _check_array(f"weights of layer {layer}", W, shape, reference)
            for layer, (W, shape) in enumerate(zip(matrices, shapes, strict=True), start=1)
        ),
        tuple(
            _check_array(f"bias of layer {layer}", b, shape[:1], reference)
            for layer, (b, shape) in enumerate(zip(biases, shapes, strict=False), start=1)
        ),
    )


def as_parameters(weights: Any, *, bias: bool) -> Parameters:
    """Read weights as parameters without comparing their shapes with those of a network."""
    if isinstance(weights, Parameters):
        return weights
    if isinstance(weights, str | os.PathLike):
        raise InputError(
            f"weights must be a sequence of matrices, one per layer, got the path {str(weights)!r}; load it"
        )
    if isinstance(weights, Mapping):
        return _from_mapping(weights)
    if hasattr(weights, "coefs_"):
        return Parameters(tuple(np.asarray(W).T for W in weights.coefs_), tuple(weights.intercepts_))
    try:
        layers = tuple(weights)
        if bias:
            return Parameters(tuple(W for W, _ in layers), tuple(b for _, b in layers))
    except (TypeError, ValueError):
        expected = "a sequence of pairs (matrix, bias)" if bias else "a sequence of matrices"
        raise InputError(f"weights must be {expected}, one per layer, got {type(weights).__name__}") from None
    return Parameters(layers)


def require_finite_parameters(name: str, parameters: Parameters) -> None:
    """Refuse weights or biases with a NaN or an infinity, naming the layer and the row."""
    for kind, group in zip((name, f"biases of {name}"), parameters, strict=True):
        for layer, array in enumerate(group, start=1):
            require_finite(f"{kind}, layer {layer},", array[:, None] if array.ndim == 1 else array)


def _from_mapping(weights: Mapping[Any, Any]) -> Parameters:
    """Take matrices and vectors from a mapping of arrays, in its order."""
    of_axes: dict[int, list[Array]] = {2: [], 1: []}
    for name, value in weights.items():
        array = _as_array(value)
        if array.ndim not in of_axes:
            raise InputError(f"weights must be a mapping of matrices and vectors, got shape {array.shape} for {name!r}")
        of_axes[array.ndim].append(array)
    return Parameters(tuple(of_axes[2]), tuple(of_axes[1]))


def _as_array(values: Any) -> Array:
    return values if is_array_api_obj(values) else np.asarray(values)


def _check_array(name: str, array: Array, shape: tuple[int, ...], reference: Array | None) -> Array:
    if tuple(array.shape) != shape:
        raise InputError(f"{name} must have shape {shape}, got {tuple(array.shape)}")
    if reference is None:
        return array
    if array_namespace(array) is not array_namespace(reference) or array.dtype != reference.dtype:
        return like(to_host(array), reference)
    return array
