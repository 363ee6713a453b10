"""What a user hands over as a batch, and what a model returns, read in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from numerics.errors import InputError

Outputs = None | int | Sequence[int] | Callable[[Any], Tensor]
"""Which of a model's outputs count: all, some of the last axis, or what a function makes of what the model returns."""

TARGETS = ("labels", "label", "targets", "target")
"""Names under which a mapping holds targets."""


@dataclass(frozen=True)
class Batch:
    """Samples as a model takes them, with targets where they came along."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    targets: Any
    samples: int

    def take(self, start: int, stop: int) -> Batch:
        """Return some of the samples; whatever has no axis of samples is kept as it is."""
        return self._chosen(slice(start, stop), min(stop, self.samples) - start)

    def at(self, indices: Tensor) -> Batch:
        """Return the samples at some indices."""
        return self._chosen(indices, int(indices.shape[0]))

    def _chosen(self, part: Any, samples: int) -> Batch:
        return replace(
            self,
            args=tuple(self._part(value, part) for value in self.args),
            kwargs={name: self._part(value, part) for name, value in self.kwargs.items()},
            targets=self._part(self.targets, part),
            samples=samples,
        )

    def chunks(self, size: int) -> Iterator[Batch]:
        """Return the samples in order, so many at a time."""
        for start in range(0, self.samples, size):
            yield self.take(start, min(start + size, self.samples))

    def needing_gradients(self) -> Batch:
        """Return copies of floating inputs that require gradients, for checkpoints that see nothing else to do."""

        def leaf(value: Any) -> Any:
            floating = isinstance(value, Tensor) and value.is_floating_point()
            return value.detach().clone().requires_grad_(True) if floating else value

        return replace(self, args=tuple(map(leaf, self.args)), kwargs={k: leaf(v) for k, v in self.kwargs.items()})

    def _part(self, value: Any, part: Any) -> Any:
        sliced = isinstance(value, Tensor) and value.ndim > 0 and value.shape[0] == self.samples
        return value[part] if sliced else value


def read_batch(model: nn.Module, batch: Any, *, labels: bool = False) -> Batch:
    """Read a tensor, a tuple (inputs, ..., targets) or a mapping as a batch on the model's device.

    Of a tuple the model gets as many entries as its ``forward`` requires; the next one is the targets. Of a mapping it
    gets what ``forward`` knows by name, less labels unless they are asked for.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    if isinstance(batch, Batch):
        return batch
    args: tuple[Any, ...]
    if isinstance(batch, Tensor):
        args, kwargs, targets = (batch,), {}, None
    elif isinstance(batch, Mapping):
        args, kwargs, targets = (), _known(model, batch, labels), next((batch[n] for n in TARGETS if n in batch), None)
    elif isinstance(batch, tuple | list) and batch:
        required = min(_required(model), len(batch))
        args, kwargs, targets = tuple(batch[:required]), {}, (batch[required] if len(batch) > required else None)
    else:
        raise InputError(f"batch must be a tensor, a tuple or a mapping of tensors, got {type(batch).__name__}")
    args = tuple(_ordinary(value, device) for value in args)
    kwargs = {name: _ordinary(value, device) for name, value in kwargs.items()}
    targets = _ordinary(targets, device)
    sizes = [v.shape[0] for v in (*args, *kwargs.values()) if isinstance(v, Tensor) and v.ndim > 0]
    if not sizes or sizes[0] < 1:
        raise InputError("batch must hold at least one tensor with an axis of samples, got none")
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor) and value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise InputError("batch must be finite, got a NaN or an infinity")
    return Batch(args, kwargs, targets, int(sizes[0]))


def model_outputs(returned: Any, outputs: Outputs, samples: int) -> Tensor:
    """Return the outputs that count, samples first and one output a column: shape (n, c)."""
    if callable(outputs):
        f = outputs(returned)
    else:
        f = _tensor_of(returned)
    if not isinstance(f, Tensor) or not f.is_floating_point():
        raise InputError(f"the model's outputs must be a floating tensor, got {_describe(f)}; choose it by outputs=")
    if f.ndim == 0 or f.shape[0] != samples:
        raise InputError(
            f"the model's outputs must have one row per sample ({samples}), got shape {tuple(f.shape)}; "
            "choose them by outputs="
        )
    if outputs is not None and not callable(outputs):
        chosen = [outputs] if isinstance(outputs, int) else [int(i) for i in outputs]
        if not chosen or not all(-f.shape[-1] <= i < f.shape[-1] for i in chosen):
            raise InputError(f"outputs must be in 0..{f.shape[-1] - 1}, got {chosen}")
        f = f[..., chosen]
    return f.reshape(samples, -1)


def _tensor_of(returned: Any) -> Any:
    if isinstance(returned, Tensor):
        return returned
    if isinstance(returned, Mapping) and "logits" in returned:
        return returned["logits"]
    if hasattr(returned, "logits"):
        return returned.logits
    if isinstance(returned, tuple | list) and returned:
        return returned[0]
    return returned


def _describe(value: Any) -> str:
    return f"a tensor of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__


def _ordinary(value: Any, device: torch.device) -> Any:
    if not isinstance(value, Tensor):
        return value
    value = value.to(device)
    return value.clone() if value.is_inference() else value.detach()


def _parameters(model: nn.Module) -> list[inspect.Parameter]:
    return list(inspect.signature(model.forward).parameters.values())


def _required(model: nn.Module) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return max(1, sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in _parameters(model)))


def _known(model: nn.Module, batch: Mapping[str, Any], labels: bool) -> dict[str, Any]:
    parameters = _parameters(model)
    any_name = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    names = {p.name for p in parameters}
    known = {k: v for k, v in batch.items() if (any_name or k in names) and (labels or k not in TARGETS)}
    if not known:
        raise InputError(f"batch must hold arguments of the model ({', '.join(sorted(names))}), got {sorted(batch)}")
    return known
