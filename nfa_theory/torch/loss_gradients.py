"""The gradient of a loss, and how the weights of a layer move along a direction of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nfa_theory.torch.batches import Batch
from nfa_theory.torch.calls import Operand
from nfa_theory.torch.interception import Interception
from nfa_theory.torch.layers import Layer, Layout
from nfa_theory.torch.weights import Source
from numerics.errors import InputError

Loss = Callable[[Any, Any], Tensor]


class _Computed:
    # Keeps the weights that a model computes, with their graphs.
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.weights: dict[str, Tensor] = {}

    def wants(self, operand: Operand, source: Source, result: Tensor) -> None:
        for layer in self.layout.of_call(operand, source):
            if layer.source.view is None:
                self.weights[layer.name] = operand.weight

    def other_use(self, source: Source, function: str) -> None:
        pass


@dataclass(frozen=True)
class LossGradients:
    """The gradient of a loss by parameter.

    Parameters
    ----------
    by_parameter : dict of Tensor
        Zero where the loss does not depend on a parameter.
    """

    by_parameter: dict[str, Tensor]
    _layout: Layout
    _computed: dict[str, Tensor]

    def matrix(self, layer: Layer, directions: Mapping[str, Tensor] | None = None) -> Tensor:
        """Return how W moves when the parameters move along `directions`, by default along the gradient."""
        directions = self.by_parameter if directions is None else directions
        if layer.source.view is not None:
            return layer.matrix(self._layout.parameters, directions)
        weight = self._computed[layer.name]
        names = (layer.source.parameter, *layer.source.others)
        parameters = [self._layout.parameters.by_name[name] for name in names]
        # A derivative along a direction from two backward passes: the first is linear in u.
        u = torch.zeros_like(weight, requires_grad=True)
        pulled = torch.autograd.grad(weight, parameters, u, create_graph=True, retain_graph=True, allow_unused=True)
        pairs = [(p, directions[n]) for p, n in zip(pulled, names, strict=True) if p is not None and p.requires_grad]
        (moved,) = torch.autograd.grad([p for p, _ in pairs], [u], [d for _, d in pairs], retain_graph=True)
        return layer.form.matrix(moved.detach())[slice(*layer.rows)]


def loss_gradients(model: nn.Module, samples: Batch, loss: Loss | None, layout: Layout) -> LossGradients:
    """Differentiate a loss by every parameter, in one pass over all samples; the model is prepared by `untouched`."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(True)
    observer = _Computed(layout)
    with Interception(layout.parameters, observer) as interception:
        returned = model(*samples.args, **samples.kwargs)
        value = returned.loss if loss is None else loss(returned, samples.targets)
        interception.forget()
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise InputError(f"loss must return one number, got {getattr(value, 'shape', type(value).__name__)}")
    if not bool(torch.isfinite(value)):
        raise InputError(f"loss must be finite, got {float(value)}")
    parameters = layout.parameters.by_name
    if not value.requires_grad:
        raise InputError("loss must depend on the parameters of the model, got a constant")
    gradients = torch.autograd.grad(value.reshape(()), list(parameters.values()), retain_graph=bool(observer.weights),
                                    allow_unused=True)  # fmt: skip
    found = {
        name: torch.zeros_like(parameter) if gradient is None else gradient.detach()
        for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True)
    }
    return LossGradients(found, layout, observer.weights)
