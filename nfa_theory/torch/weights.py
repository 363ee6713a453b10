"""Weights: which parameter a tensor shows, and the k x m matrix of a layer that it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from numerics.errors import InputError


@dataclass(frozen=True)
class Form:
    """How a tensor of weights is a matrix W with one row per unit: h = W z.

    Parameters
    ----------
    kind : str
        ``"rows"``: the first axis counts units (`F.linear`, convolutions). ``"columns"``: the last one does
        (``z @ W``, embeddings). ``"transposed"``: a transposed convolution, units on the second axis.
    groups : int
        Groups of a convolution; W is block diagonal, one block a group.
    order : tuple of int, optional
        For products by index: the axes that count units, then those that count inputs.
    unit_axes : int
        How many of `order` count units.
    """

    kind: str
    groups: int = 1
    order: tuple[int, ...] | None = None
    unit_axes: int = 1

    def matrix(self, weight: Tensor) -> Tensor:
        """Return W, shape (k, m / groups): the blocks of a grouped convolution one below the other."""
        if self.order is not None:
            sizes = [weight.shape[axis] for axis in self.order[: self.unit_axes]]
            return weight.permute(self.order).reshape(math.prod(sizes), -1)
        if weight.ndim == 1:
            return weight[None, :]
        if self.kind == "rows":
            return weight.flatten(1)
        if self.kind == "columns":
            return weight.flatten(0, -2).T
        blocks = weight.unflatten(0, (self.groups, -1)).transpose(1, 2)
        return blocks.flatten(0, 1).flatten(1)


def gram(A: Tensor, B: Tensor, groups: int = 1) -> Tensor:
    """Return ``A B^T``, shape (k, k), of matrices (k, m / groups) that may be block diagonal."""
    if groups == 1:
        if A is B and A.device.type == "cpu" and A.dtype in (torch.float32, torch.float64):
            rows = A.contiguous().numpy()
            return torch.from_numpy(rows @ rows.T)  # NumPy knows the product to be symmetric: half the work
        return A @ B.T
    blocks = A.unflatten(0, (groups, -1)) @ B.unflatten(0, (groups, -1)).transpose(1, 2)
    return torch.block_diag(*blocks)


def whole(A: Tensor, groups: int = 1) -> Tensor:
    """Return the k x m matrix itself, with its zeros."""
    return A if groups == 1 else torch.block_diag(*A.unflatten(0, (groups, -1)))


@dataclass(frozen=True)
class Source:
    """Where a tensor of weights comes from.

    Parameters
    ----------
    parameter : str
        Name of the parameter.
    view : tuple, optional
        Shape, strides and offset in the parameter's storage; None for a tensor that was computed from it.
    others : tuple of str
        Further parameters from which it was computed.
    """

    parameter: str
    view: tuple[tuple[int, ...], tuple[int, ...], int] | None
    others: tuple[str, ...] = ()

    def read(self, parameter: Tensor, like: Tensor) -> Tensor:
        """Return the same view of another value of the parameter; `like` is the parameter of the model."""
        if self.view is None:
            raise ValueError("a computed weight is no view")
        shape, strides, offset = self.view
        if parameter.stride() == like.stride():
            return parameter.as_strided(shape, strides, offset + parameter.storage_offset())
        laid_out = torch.empty_strided(like.shape, like.stride(), dtype=parameter.dtype, device=parameter.device)
        laid_out.copy_(parameter)
        return laid_out.as_strided(shape, strides, offset)


class Parameters:
    """The parameters of a model by name, by identity and by place in memory."""

    def __init__(self, model: nn.Module) -> None:
        self.by_name: dict[str, Tensor] = {}
        self.owners: dict[int, list[tuple[str, nn.Module, str]]] = {}
        self._storages: dict[int, list[Tensor]] = {}
        for path, module in model.named_modules():
            for attribute, parameter in module._parameters.items():
                if parameter is None:
                    continue
                self._check(path, attribute, parameter)
                if id(parameter) not in self.owners:
                    self.by_name[f"{path}.{attribute}" if path else attribute] = parameter
                    self._storages.setdefault(parameter.untyped_storage().data_ptr(), []).append(parameter)
                self.owners.setdefault(id(parameter), []).append((path, module, attribute))
        self.names = {id(parameter): name for name, parameter in self.by_name.items()}
        self.constants = {id(buffer) for buffer in model.buffers()}

    def source(self, tensor: Tensor) -> Source | None:
        """Return the parameter that a tensor is, or is a view of."""
        if id(tensor) in self.names:
            return Source(self.names[id(tensor)], (tuple(tensor.shape), tensor.stride(), 0))
        try:
            candidates = self._storages.get(tensor.untyped_storage().data_ptr())
        except (NotImplementedError, RuntimeError):  # sparse, functional or nested tensors have none
            return None
        # What was repeated along an axis, like a learned token for every sample, is data.
        repeated = any(n > 1 and s == 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True))
        if not candidates or tensor.numel() == 0 or repeated:
            return None
        for parameter in candidates:
            offset = tensor.storage_offset() - parameter.storage_offset()
            last = offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))
            if tensor.dtype == parameter.dtype and 0 <= offset and last < _extent(parameter):
                return Source(self.names[id(parameter)], (tuple(tensor.shape), tensor.stride(), offset))
        return None

    def modules(self, parameter: str) -> list[tuple[str, nn.Module, str]]:
        """Return (path, module, attribute) of every module that holds a parameter."""
        return self.owners[id(self.by_name[parameter])]

    def _check(self, path: str, attribute: str, parameter: Tensor) -> None:
        if isinstance(parameter, nn.parameter.UninitializedTensorMixin):
            raise InputError(f"{path}.{attribute} has no shape yet: run the model once before it is measured")
        if parameter.is_inference():
            raise InputError(
                f"parameters must be ordinary tensors, got {path}.{attribute}, made in torch.inference_mode()"
            )


def _extent(parameter: Tensor) -> int:
    return 1 + sum((n - 1) * s for n, s in zip(parameter.shape, parameter.stride(), strict=True))


def read_state(model: nn.Module, initial: Any) -> dict[str, Tensor]:
    """Read initial weights, a module of the same kind or its state, as tensors by parameter name."""
    if isinstance(initial, nn.Module):
        found: Mapping[str, Any] = dict(initial.named_parameters(remove_duplicate=False))
        found = {**found, **dict(initial.named_buffers(remove_duplicate=False))}
    elif isinstance(initial, Mapping):
        found = initial
    else:
        raise InputError(f"initial must be a module or its state_dict, got {type(initial).__name__}")
    state = {}
    for name, parameter in model.named_parameters():
        if name not in found:
            raise InputError(f"initial must hold every parameter of the model, got none for {name}")
        value = torch.as_tensor(found[name])
        if value.shape != parameter.shape:
            raise InputError(f"initial {name} must have shape {tuple(parameter.shape)}, got {tuple(value.shape)}")
        state[name] = value.detach().to(device=parameter.device, dtype=parameter.dtype)
    return state
