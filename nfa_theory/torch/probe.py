"""`AlignmentProbe`: watch the alignment of every layer while a model is trained by a script of its own."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, default_collate

from nfa_theory.torch.batches import Batch, Outputs, read_batch
from nfa_theory.torch.layers import Heads
from nfa_theory.torch.measure import measure
from nfa_theory.torch.measurement_dataset import TERMS
from nfa_theory.torch.survey import unwrapped
from nfa_theory.torch.untouched import untouched
from numerics import InputError
from numerics.backend.files import write_atomically
from numerics.backend.version import package_version
from numerics.training.records import SCHEMA as RECORD_SCHEMA
from numerics.training.records import machine

SCHEMA = "nfa-theory probe 1"
MEASURED = ("uc_nfa", "c_nfa", "relative_weight_change", "uc_nfa_standard_error", "c_nfa_standard_error")
Sink = Callable[[int, dict[str, float]], None]
"""Is told of every measurement: the step, and numbers by name such as ``"uc_nfa/features.3"``."""


class AlignmentProbe:
    """Measure how features align while a model learns.

    The probe keeps the initial weights and a fixed subset of samples; random combinations have a fixed seed. Nothing of
    the model or of the random state of the script changes.

    Parameters
    ----------
    model : torch.nn.Module
        The network, before the first step.
    data : DataLoader, Dataset, Tensor, tuple or mapping
        From where samples are chosen, once.
    every : int or sequence of int
        Measure at step 0 and after every so many steps, or after these.
    samples : int
        How many samples, at most.
    combinations : int or str
        As in `measure`; two random combinations of the outputs by default.
    layers, outputs, kind, heads
        As in `measure`.
    seed : int
        Of the choice of samples and of the combinations.
    sinks : sequence of callable
        Told of every measurement, see `nfa_theory.torch.adapters`.

    Raises
    ------
    InputError
        If an argument does not fit.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with AlignmentProbe(model, torch.eye(3), every=2) as probe:
    ...     for _ in range(4):
    ...         optimizer.zero_grad()
    ...         model(torch.eye(3)).square().mean().backward()
    ...         optimizer.step()
    ...         _ = probe.step()
    >>> probe.record.step.values.tolist()
    [0, 2, 4]
    """

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        every: int | Sequence[int] = 100,
        *,
        samples: int = 256,
        combinations: int | str = 2,
        layers: Sequence[str] | str | None = None,
        outputs: Outputs = None,
        kind: str = "cosine",
        heads: Heads | None = None,
        seed: int = 0,
        sinks: Sequence[Sink] = (),
    ) -> None:
        if isinstance(every, int) and every < 1:
            raise InputError(f"every must be at least 1, got {every}")
        if samples < 1:
            raise InputError(f"samples must be at least 1, got {samples}")
        self.model, self.every, self.sinks = unwrapped(model), every, list(sinks)
        asked = {"combinations": combinations, "layers": layers, "outputs": outputs, "kind": kind, "heads": heads}
        self._settings: dict[str, Any] = {**asked, "seed": seed}
        with untouched(self.model, training=None):
            self.batch = _subset(self.model, data, samples, seed)
        self.initial = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.steps = 0
        self._measurements: list[tuple[int, float, xr.Dataset]] = []

    def __enter__(self) -> Self:
        if not self._measurements:
            self.measure()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._measurements[-1][0] != self.steps:
            self.measure()

    def step(self, loss: float | Tensor | None = None) -> bool:
        """Say that the optimizer made a step; measure if it is time.

        Parameters
        ----------
        loss : float, optional
            Kept in the record at steps that are measured.

        Returns
        -------
        bool
            Whether this step was measured.
        """
        self.steps += 1
        due = self.steps % self.every == 0 if isinstance(self.every, int) else self.steps in self.every
        if due:
            self.measure(loss)
        return due

    def measure(self, loss: float | Tensor | None = None) -> xr.Dataset:
        """Measure now, whatever the step, and tell the sinks."""
        measured = measure(self.model, self.batch, self.initial, **self._settings)
        self._measurements.append((self.steps, math.nan if loss is None else _number(loss), measured))
        numbers = {
            f"{name}/{layer}": float(measured[name].sel(layer=layer))
            for name in MEASURED[:3]
            for layer in measured.layer.values.tolist()
        }
        for sink in self.sinks:
            sink(self.steps, numbers)
        return measured

    @property
    def record(self) -> xr.Dataset:
        """What was measured, with the dimensions and names of a record of `nfa_theory.simulate`."""
        if not self._measurements:
            raise InputError("nothing was measured yet: enter the probe by `with`, or call its measure()")
        steps = [step for step, _, _ in self._measurements]
        every = [measured for _, _, measured in self._measurements]
        data: dict[str, Any] = {
            name: (("seed", "step", "layer"), np.stack([m[name].values for m in every])[None], every[0][name].attrs)
            for name in MEASURED
        }
        shares = np.stack([measured["decomposition"].values for measured in every])[None]
        data["decomposition"] = (("seed", "step", "layer", "nfm_term", "agop_term"), shares)
        for name in ("uc_nfa_by_head", "c_nfa_by_head"):
            if name in every[0]:
                data[name] = (("seed", "step", "layer", "head"), np.stack([m[name].values for m in every])[None])
        data["loss"] = (("seed", "step"), np.asarray([[loss for _, loss, _ in self._measurements]]))
        coordinates = {
            "seed": np.asarray([self._settings["seed"]], np.int32),
            "step": np.asarray(steps, np.int32),
            "epoch": ("step", np.full(len(steps), math.nan)),
            "layer": every[0].layer.values,
            "nfm_term": list(TERMS),
            "agop_term": list(TERMS),
        }
        attributes = {
            "schema": RECORD_SCHEMA,
            "config": json.dumps(self._config(), sort_keys=True),
            "version": package_version(),
            "seed": json.dumps([self._settings["seed"]]),
            "machine": json.dumps(machine(), sort_keys=True),
            "notes": every[0].attrs["notes"],
        }
        return xr.Dataset(data, coordinates, attributes)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write initial weights and measurements to a file, whole or not at all, so that a stopped script can go on.

        Parameters
        ----------
        path : path-like
            An ``.npz`` file, without pickled objects.

        Returns
        -------
        pathlib.Path
        """
        arrays: dict[str, Any] = {"schema": np.asarray(SCHEMA), "steps": np.asarray(self.steps)}
        arrays["config"] = np.asarray(json.dumps(self._config(), sort_keys=True))
        arrays |= {f"initial/{name}": _exact(value) for name, value in self.initial.items()}
        for i, (step, loss, measured) in enumerate(self._measurements):
            arrays[f"at/{i}"] = np.asarray([step, loss])
            arrays[f"measurement/{i}"] = np.frombuffer(bytes(measured.to_netcdf(None, engine="scipy")), np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return write_atomically(path, buffer.getvalue())

    def resume(self, path: str | os.PathLike[str]) -> Self:
        """Go on from what a probe with the same settings saved.

        Parameters
        ----------
        path : path-like
            What `save` wrote.

        Returns
        -------
        AlignmentProbe
            This one.

        Raises
        ------
        InputError
            If the file is none, or of a probe with other settings or of another model.
        """
        try:
            with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if str(arrays["schema"]) != SCHEMA:
                raise KeyError("schema")
        except Exception as error:  # a corrupt file can fail anywhere in the reader
            raise InputError(f"{path} is no file of a probe that can be read ({type(error).__name__})") from None
        if json.loads(str(arrays["config"])) != json.loads(json.dumps(self._config(), sort_keys=True)):
            raise InputError(f"{path} must be of a probe with the same settings, got {arrays['config']}")
        initial = {}
        for name, parameter in self.model.named_parameters():
            value = arrays.get(f"initial/{name}")
            if value is None or value.shape != tuple(parameter.shape):
                raise InputError(f"{path} must be of the same model, got no {name} of shape {tuple(parameter.shape)}")
            initial[name] = torch.from_numpy(value).to(parameter)
        self.initial, self.steps = initial, int(arrays["steps"])
        self._measurements = []
        for i in range(sum(name.startswith("at/") for name in arrays)):
            step, loss = arrays[f"at/{i}"]
            with xr.open_dataset(io.BytesIO(arrays[f"measurement/{i}"].tobytes()), engine="scipy") as file:
                self._measurements.append((int(step), float(loss), file.load()))
        return self

    def _config(self) -> dict[str, Any]:
        settings = {k: v if isinstance(v, str | int | None) else repr(v) for k, v in self._settings.items()}
        if callable(self._settings["outputs"]):
            settings["outputs"] = "a function"
        settings["alignment"] = settings.pop("kind")
        return {"probe": True, "samples": self.batch.samples, **settings}


def _number(loss: float | Tensor) -> float:
    return float(loss.detach()) if isinstance(loss, Tensor) else float(loss)


def _exact(value: Tensor) -> Any:
    value = value.detach().cpu()
    return (value.float() if value.dtype in (torch.float16, torch.bfloat16) else value).numpy()


def _subset(model: nn.Module, data: Any, samples: int, seed: int) -> Batch:
    rng = np.random.default_rng(seed)
    if isinstance(data, DataLoader | Dataset):
        dataset, collate = (data.dataset, data.collate_fn) if isinstance(data, DataLoader) else (data, default_collate)
        if hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
            chosen = np.sort(rng.choice(len(dataset), min(samples, len(dataset)), replace=False))
            return read_batch(model, collate([dataset[int(i)] for i in chosen]))
        first = next(iter(data))
        return read_batch(model, first).take(0, samples)
    batch = read_batch(model, data)
    if batch.samples <= samples:
        return batch
    return batch.at(torch.from_numpy(np.sort(rng.choice(batch.samples, samples, replace=False))))
