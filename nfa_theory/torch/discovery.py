"""One forward pass on one sample: which layers a model calls, how often, and how many outputs it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from nfa_theory.torch.batches import Batch, Outputs, model_outputs
from nfa_theory.torch.calls import Operand
from nfa_theory.torch.interception import Interception
from nfa_theory.torch.layers import Layout
from nfa_theory.torch.weights import Parameters, Source


@dataclass
class Discovery:
    """What a forward pass showed.

    Parameters
    ----------
    layout : Layout
        The layers.
    positions : dict of int
        By layer, rows of pre-activations of one sample, over all calls.
    outputs : int
        Number of outputs.
    hidden : set of str
        Layers that are called where gradients are off, as in a checkpoint that runs again backward.
    other_uses : dict of set of str
        By parameter, functions that mix it with data and are no known linear map.
    """

    layout: Layout
    positions: dict[str, int] = field(default_factory=dict)
    outputs: int = 0
    hidden: set[str] = field(default_factory=set)
    other_uses: dict[str, set[str]] = field(default_factory=dict)

    def wants(self, operand: Operand, source: Source, result: Tensor) -> None:
        """Note a call."""
        for layer in self.layout.of_call(operand, source):
            rows = result.numel() // max(1, operand.form.matrix(operand.weight).shape[0])
            self.positions[layer.name] = self.positions.get(layer.name, 0) + rows
            self.hidden |= set() if torch.is_grad_enabled() else {layer.name}

    def other_use(self, source: Source, function: str) -> None:
        """Note a use that is not measured."""
        for name in (source.parameter, *source.others):
            self.other_uses.setdefault(name, set()).add(function)


def discover(model: nn.Module, samples: Batch, layout: Layout, outputs: Outputs = None) -> Discovery:
    """Run one sample; the model is prepared by `untouched`."""
    found, one = Discovery(layout), samples.take(0, 1)
    with Interception(layout.parameters, found) as interception:
        f = model_outputs(model(*one.args, **one.kwargs), outputs, 1)
        interception.forget()
    found.outputs = int(f.shape[1])
    return found


def initial_matrices(
    model: nn.Module, samples: Batch, layout: Layout, names: list[str], state: Mapping[str, Tensor] | None
) -> dict[str, Tensor]:
    """Return W(0) of layers, shapes (k, m / groups); none without initial weights."""
    if state is None:
        return {}
    layers = [layout.by_name[name] for name in names]
    starts = {L.name: L.matrix(layout.parameters, state) for L in layers if L.source.view is not None}
    if len(starts) < len(layers):
        # What the model computes from parameters is seen when it runs with the initial ones.
        with _values(model, state):
            before = discover(model, samples, Layout(Parameters(model), layout.heads)).layout
            for layer in layers:
                if layer.name not in starts:
                    starts[layer.name] = before.by_name[layer.name].matrix(before.parameters).clone()
    return starts


@contextmanager
def _values(model: nn.Module, state: Mapping[str, Tensor]) -> Iterator[None]:
    own = {name: parameter.data for name, parameter in model.named_parameters()}
    try:
        for name, parameter in model.named_parameters():
            parameter.data = state[name].contiguous() if own[name].is_contiguous() else state[name]
        yield
    finally:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.data = own[name]
