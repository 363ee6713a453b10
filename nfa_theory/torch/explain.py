"""What a measurement of a model will show, what not and why, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from nfa_theory.torch.batches import Outputs, read_batch
from nfa_theory.torch.covariances import how_many
from nfa_theory.torch.layers import Heads, chosen, plain_name
from nfa_theory.torch.notes import NORMALIZATIONS, RECURRENT, mode_notes, unmeasured
from nfa_theory.torch.survey import look_over, unwrapped
from nfa_theory.torch.untouched import untouched

SEEN = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
    nn.Embedding, nn.EmbeddingBag, nn.MultiheadAttention,
)  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """What will be measured of a model.

    Parameters
    ----------
    measured : dict of str
        By layer, what it is.
    not_measured : dict of str
        By parameter, why not; biases and other vectors, which enter no matrix, are left out.
    notes : list of str
        What else matters.
    cost : float or None
        Of measuring one sample, in training samples (one forward and two backward passes); None where the number of
        outputs is not known without a batch.
    """

    measured: dict[str, str]
    not_measured: dict[str, str]
    notes: list[str]
    cost: float | None

    def __str__(self) -> str:
        lines = ["measured:", *(f"  {name}: {text}" for name, text in self.measured.items())]
        if self.not_measured:
            lines += ["not measured:", *(f"  {name}: {text}" for name, text in self.not_measured.items())]
        lines += [f"note: {note}" for note in self.notes]
        unknown_cost = "unknown without a batch, because the number of outputs is"
        cost = unknown_cost if self.cost is None else f"{self.cost:.2g} training samples"
        return "\n".join([*lines, f"cost of measuring a sample: {cost}, and a few products of k x k matrices"])


def explain(
    model: nn.Module,
    batch: Any = None,
    layers: Sequence[str] | str | None = None,
    outputs: Outputs = None,
    combinations: int | str = "auto",
    *,
    heads: Heads | None = None,
) -> Explanation:
    """Say what `measure` will measure of a model, what not and why, and what it costs.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    batch : optional
        As in `measure`; with it the model is run on one sample, and what is said is what was seen. Without it, modules
        are read, and weights that are used by function are called uncertain.
    layers, outputs, combinations, heads
        As in `measure`.

    Returns
    -------
    Explanation
        Printed, it is a list.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> print(explain(model, torch.eye(3)))
    measured:
      0: 8 units, 3 inputs, 1 position a sample
      2: 2 units, 8 inputs, 1 position a sample
    cost of measuring a sample: 1 training samples, and a few products of k x k matrices
    """
    model = unwrapped(model)
    if batch is None:
        return _read(model)
    with untouched(model):
        samples = read_batch(model, batch)
        survey = look_over(model, samples, layers=layers, outputs=outputs, heads=heads)
        layout, found = survey.layout, survey.found
        measured = {}
        for name in chosen(layers, list(layout.by_name)):
            layer = layout.by_name[name]
            inputs, positions = layer.matrix(layout.parameters).shape[1] * layer.groups, found.positions[name]
            text = f"{layer.units} units, {inputs} inputs, {positions} position{'s' * (positions != 1)} a sample"
            measured[name] = text + (f", {layer.heads} heads" if layer.heads > 1 else "")
        reasons = unmeasured(layout, layout.by_name, found.other_uses, set())
        notes = mode_notes(model, training=False)
        q = how_many(combinations, found.outputs)
    if q < found.outputs:
        notes.append(f"{q} random combinations of {found.outputs} outputs: alignments have standard errors")
    return Explanation(measured, reasons, notes, (1 + q) / 3)


def _read(model: nn.Module) -> Explanation:
    measured, reasons = {}, {}
    for path, module in model.named_modules():
        for attribute, parameter in module.named_parameters(recurse=False):
            if parameter.ndim < 2:
                continue
            owner, name = plain_name(path, attribute)
            home = model.get_submodule(owner)
            full = ".".join(filter(None, (path, attribute)))
            if isinstance(home, SEEN):
                measured[owner if name == "weight" else ".".join(filter(None, (owner, name)))] = type(home).__name__
            elif isinstance(home, RECURRENT):
                reasons[full] = "used inside a fused recurrent kernel, whose pre-activations cannot be seen"
            elif isinstance(home, NORMALIZATIONS):
                reasons[full] = "scales features one by one, which is no matrix"
            else:
                reasons[full] = "measured if it is applied linearly to data; give a batch to see"
    return Explanation(measured, reasons, mode_notes(model, training=False), None)
