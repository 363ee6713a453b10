"""PTF covariances of every layer: ``K = (1/n) sum_samples sum_positions D^T D``, from backward passes.

Samples are measured block by block, and each block's sum is kept: how much blocks differ says how much a result depends
on which samples, and which random combinations of outputs, were drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nfa_theory.torch.batches import Batch, Outputs, model_outputs
from nfa_theory.torch.calls import Operand
from nfa_theory.torch.discovery import Discovery
from nfa_theory.torch.interception import Interception, Receive
from nfa_theory.torch.layers import Layout
from nfa_theory.torch.stores.inputs import InputStore
from nfa_theory.torch.stores.parts import Store, Weights
from nfa_theory.torch.stores.rows import RowStore
from nfa_theory.torch.stores.units import UnitStore
from nfa_theory.torch.weights import Source
from numerics.errors import InputError

BLOCKS = 32
"""At most so many blocks of samples."""
ENTRIES_AT_ONCE, MANY_ENTRIES_AT_ONCE = 2**20, 2**26
"""Pre-activations of the samples that are run at a time, on the processor and on other devices."""
MANY_UNITS = 512
"""From more units than this on, gradients themselves are kept where they are far fewer than units."""
MANY_INPUTS = 4096
"""From more units than this on, layers with far fewer inputs are measured at their inputs."""
ALL_OUTPUTS = 16
"""``combinations="auto"`` takes all outputs up to so many, else two random combinations of them."""


@dataclass
class Covariances:
    """What backward passes have added up.

    Parameters
    ----------
    stores : dict of Store
        By layer.
    block_sizes : list of int
        Samples of each block.
    samples, outputs, combinations : int
        Their numbers; with as many combinations as outputs the outputs themselves were taken.
    """

    stores: dict[str, Store]
    block_sizes: list[int]
    samples: int
    outputs: int
    combinations: int

    @property
    def exact(self) -> bool:
        """Whether all outputs were taken."""
        return self.combinations >= self.outputs


class _Collector:
    # Hears of calls and adds up what comes back.
    def __init__(self, layout: Layout, stores: dict[str, Store]) -> None:
        self.layout, self.stores = layout, stores
        self.reached: set[str] = set()
        self.block = 0

    def wants(self, operand: Operand, source: Source, result: Tensor) -> Receive | None:
        layers = [layer for layer in self.layout.of_call(operand, source) if layer.name in self.stores]
        if not layers or not result.is_floating_point():
            return None

        def receive(gradient: Tensor) -> None:
            rows = unit_rows(gradient, operand.units_axes)
            for layer in layers:
                store = self.stores[layer.name]
                self.reached.add(layer.name)
                part = rows if layer.units == rows.shape[1] else rows[:, slice(*layer.rows)]
                store.add(part, self.block)

        return receive

    def other_use(self, source: Source, function: str) -> None:
        pass


def unit_rows(gradient: Tensor, units_axes: Sequence[int]) -> Tensor:
    """Return the gradient of a result as a matrix with one position a row and one unit a column."""
    if not units_axes:
        return gradient.reshape(-1, 1)
    last = range(-len(units_axes), 0)
    moved = gradient if tuple(units_axes) == tuple(last) else gradient.movedim(tuple(units_axes), tuple(last))
    return moved.reshape(-1, math.prod(moved.shape[axis] for axis in last))


def block_size(samples: int) -> int:
    """Return how many samples make a block: at most `BLOCKS` blocks, of eight samples where there are enough."""
    return max(8, math.ceil(samples / BLOCKS)) if samples >= 64 else max(1, math.ceil(samples / 8))


def covariances(
    model: nn.Module,
    batch: Batch,
    *,
    outputs: Outputs,
    combinations: int | str,
    layout: Layout,
    stores: dict[str, Store],
    rng: np.random.Generator,
    chunk: int,
) -> Covariances:
    """Add up the pre-activation gradients of the layers that have a store; the model is prepared by `untouched`."""
    size = block_size(batch.samples)
    step = min(chunk, size)
    collector, found = _Collector(layout, stores), _Found()
    with Interception(layout.parameters, collector) as interception:
        for block, start in enumerate(range(0, batch.samples, size)):
            collector.block = block
            stop = min(start + size, batch.samples)
            found.block_sizes.append(stop - start)
            for samples in batch.take(start, stop).chunks(step):
                _measure(model, samples, outputs, combinations, interception, rng, found)
    reached = {name: store for name, store in stores.items() if name in collector.reached}
    return Covariances(reached, found.block_sizes, batch.samples, found.outputs, found.combinations)


def samples_at_once(found: Discovery, batch: Batch) -> int:
    """Return how many samples are run at a time, so that memory does not grow with their number."""
    entries = sum(found.positions[name] * layer.units for name, layer in found.layout.by_name.items())
    kinds = {v.device.type for v in (*batch.args, *batch.kwargs.values()) if isinstance(v, Tensor)}
    room = ENTRIES_AT_ONCE if kinds <= {"cpu"} else MANY_ENTRIES_AT_ONCE
    return max(1, room // max(1, entries))


def make_store(weights: Weights, samples: int, rows: int, *, covariance: bool) -> Store:
    """Choose the form in which the gradients of a layer are added up.

    Parameters
    ----------
    weights : Weights
        Of the layer.
    samples, rows : int
        How many samples, and how many rows of gradients, there will be.
    covariance : bool
        Whether K itself is asked for.
    """
    units, inputs = int(weights.now.shape[0]), weights.inputs
    if units > MANY_UNITS and 2 * rows < units:
        return RowStore(weights, samples)
    if units > MANY_INPUTS and units > 2 * inputs and not covariance:
        return InputStore(weights, samples)
    return UnitStore(weights, samples)


@dataclass
class _Found:
    block_sizes: list[int] = field(default_factory=list)
    outputs: int = 0
    combinations: int = 0


def _measure(
    model: nn.Module,
    samples: Batch,
    outputs: Outputs,
    combinations: int | str,
    interception: Interception,
    rng: np.random.Generator,
    found: _Found,
) -> None:
    interception.forward = True
    f = model_outputs(model(*samples.args, **samples.kwargs), outputs, samples.samples)
    if interception.hidden:
        # A checkpoint that runs again backward needs an input to differentiate, and accepts no chosen inputs.
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        again = samples.needing_gradients()
        f = model_outputs(model(*again.args, **again.kwargs), outputs, samples.samples)
    count = f.shape[1]
    if found.outputs not in (0, count):
        raise InputError(f"the number of outputs must be one for all samples, got {found.outputs} and {count}")
    found.outputs, found.combinations = count, how_many(combinations, count)
    interception.forward = False
    directions = output_directions(rng, samples.samples, count, found.combinations)
    for at, direction in enumerate(directions):
        v = torch.as_tensor(direction, dtype=f.dtype, device=f.device)
        keep = at < len(directions) - 1
        if interception.hidden:
            torch.autograd.backward([f], [v], retain_graph=keep)
        elif f.requires_grad:
            torch.autograd.grad([f], [interception.anchor], [v], retain_graph=keep, allow_unused=True)
    interception.forget()


def how_many(combinations: int | str, outputs: int) -> int:
    """Read ``combinations`` for so many outputs."""
    if combinations == "all":
        return outputs
    if combinations == "auto":
        return outputs if outputs <= ALL_OUTPUTS else 2
    if isinstance(combinations, str | bool) or int(combinations) != combinations:
        raise InputError(f"combinations must be 'auto', 'all' or an integer from 1, got {combinations!r}")
    if combinations < 1:
        raise InputError(f"combinations must be 'auto', 'all' or an integer from 1, got {combinations!r}")
    return min(int(combinations), outputs)


def output_directions(rng: np.random.Generator, samples: int, outputs: int, combinations: int) -> list[Any]:
    """Return directions v, arrays (samples, outputs), such that the sum of ``v v^T`` is 1, on average or exactly."""
    if combinations >= outputs:
        return [np.tile(row, (samples, 1)) for row in np.eye(outputs)]
    signs = 1.0 - 2.0 * rng.integers(0, 2, size=(samples, outputs), dtype=np.int8)
    parities = np.bitwise_count(np.arange(combinations)[:, None] & np.arange(outputs)) % 2
    rows = 1.0 - 2.0 * parities  # of a Hadamard matrix: errors of many pairs of outputs cancel
    return [signs * row / math.sqrt(combinations) for row in rows]
