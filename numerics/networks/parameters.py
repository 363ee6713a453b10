"""Weights and biases as one value, and their reading from what a caller has."""

from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from numerics.backend.arrays import Array, like, to_host
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


def read_parameters(weights: Any, widths: tuple[int, ...], *, bias: bool, reference: Array | None = None) -> Parameters:
    """Read weights as a network's parameters and check their shapes."""
    parameters = as_parameters(weights, bias=bias)
    layers = len(widths) - 1
    if len(parameters.weights) != layers:
        raise InputError(
            f"weights must have one matrix per layer ({layers} with the readout), got {len(parameters.weights)}"
        )
    if len(parameters.biases) != layers * bias:
        raise InputError(f"biases must be given for {layers * bias} layers, got {len(parameters.biases)}")
    return Parameters(
        tuple(
            _check_array(f"weights of layer {i + 1}", W, (widths[i + 1], widths[i]), reference)
            for i, W in enumerate(parameters.weights)
        ),
        tuple(
            _check_array(f"bias of layer {i + 1}", b, (widths[i + 1],), reference)
            for i, b in enumerate(parameters.biases)
        ),
    )


def as_parameters(weights: Any, *, bias: bool) -> Parameters:
    """Read weights as parameters without looking at their shapes."""
    if isinstance(weights, Parameters):
        return weights
    try:
        layers = tuple(weights)
        if bias:
            return Parameters(tuple(W for W, _ in layers), tuple(b for _, b in layers))
    except (TypeError, ValueError):
        expected = "a sequence of pairs (matrix, bias)" if bias else "a sequence of matrices"
        raise InputError(f"weights must be {expected}, one per layer, got {type(weights).__name__}") from None
    return Parameters(layers)


def _check_array(name: str, array: Any, shape: tuple[int, ...], reference: Array | None) -> Array:
    if not is_array_api_obj(array):
        array = np.asarray(array)
    if tuple(array.shape) != shape:
        raise InputError(f"{name} must have shape {shape}, got {tuple(array.shape)}")
    if reference is None:
        return array
    if array_namespace(array) is not array_namespace(reference) or array.dtype != reference.dtype:
        return like(to_host(array), reference)
    return array
