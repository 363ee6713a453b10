"""A measurement leaves the model as it found it, after an exception too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def untouched(model: nn.Module, *, training: bool | None = False) -> Iterator[None]:
    """Run a block in evaluation mode with gradients on; restore modes, flags, gradients, buffers and random states.

    `training` None keeps the modes as they are, True and False set them. Flags are set directly, because a model's own
    ``train`` may do more than set a flag (merge weights, freeze statistics), and nothing would undo that.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(module, name, value, _copy(value)) for module, name, value in _buffers(model)]
    gradients = [(parameter, parameter.requires_grad, parameter.grad) for parameter in model.parameters()]
    fast_path = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.enter_context(_random_states(model))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        try:
            # Fused attention kernels hide the projections.
            torch.backends.mha.set_fastpath_enabled(False)
            if training is not None:
                for module, _ in modes:
                    module.training = training
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast_path)
            for module, mode in modes:
                module.training = mode
            for parameter, flag, gradient in gradients:
                if parameter.requires_grad != flag:
                    parameter.requires_grad_(flag)
                if parameter.grad is not gradient:
                    parameter.grad = gradient
            for module, name, value, copy in buffers:
                _restore(module, name, value, copy)


def _buffers(model: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor | None]]:
    for module in model.modules():
        for name, value in module._buffers.items():
            yield module, name, value


def _copy(value: Tensor | None) -> Tensor | None:
    return None if value is None else value.detach().clone()


def _restore(module: nn.Module, name: str, value: Tensor | None, copy: Tensor | None) -> None:
    module._buffers[name] = value
    if value is not None and copy is not None and not torch.equal(value, copy):
        with torch.no_grad():
            value.copy_(copy)


@contextmanager
def _random_states(model: nn.Module) -> Iterator[None]:
    devices = {tensor.device for tensor in (*model.parameters(), *model.buffers()) if tensor.device.type == "cuda"}
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - a model may draw from NumPy's global state
    with torch.random.fork_rng(devices=sorted({_index(device) for device in devices})):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


def _index(device: Any) -> int:
    return int(device.index if device.index is not None else torch.cuda.current_device())
