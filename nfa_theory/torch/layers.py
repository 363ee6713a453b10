"""The layers of a model as a measurement sees them: rows of weights that were applied to data, with their names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, count

from torch import Tensor, nn

from nfa_theory.torch.calls import Operand
from nfa_theory.torch.weights import Form, Parameters, Source
from numerics.errors import InputError, unknown

Heads = Mapping[str, int | tuple[int, int]]
"""By layer: how many heads its rows are, or (projections, heads) where it holds q, k and v in one."""


@dataclass
class Layer:
    """Rows of one weight that act as one layer.

    Parameters
    ----------
    name : str
        Name of the module, or of the parameter, with the part it is.
    source : Source
        Where the weight comes from.
    form : Form
        How it is a matrix.
    rows : tuple of int
        First row and the one after the last.
    heads : int
        Into how many equal parts the rows are divided besides; 1 if there are none.
    computed : Tensor or None
        The weight itself where it is computed from parameters, as it was in the last call.
    positions : int
        Rows of pre-activations per sample, over all calls of a forward pass.
    """

    name: str
    source: Source
    form: Form
    rows: tuple[int, int]
    heads: int = 1
    computed: Tensor | None = None
    positions: float = 0.0

    @property
    def units(self) -> int:
        """Number of rows, k."""
        return self.rows[1] - self.rows[0]

    @property
    def groups(self) -> int:
        """Groups of the rows; 1 unless the layer is a grouped convolution."""
        return self.form.groups

    def matrix(self, parameters: Parameters, state: Mapping[str, Tensor] | None = None) -> Tensor:
        """Return W, shape (k, m / groups): now, or with other values of the parameters."""
        if self.source.view is None:
            if self.computed is None or state is not None:
                raise ValueError(f"{self.name} is computed by the model: its value is kept when it is called")
            weight = self.computed
        else:
            own = parameters.by_name[self.source.parameter]
            weight = self.source.read((own if state is None else state[self.source.parameter]).detach(), own)
        return self.form.matrix(weight.detach())[slice(*self.rows)]


class Layout:
    """All layers of a model, in the order in which they are called.

    Parameters
    ----------
    parameters : Parameters
        Of the model.
    heads : mapping
        As `Heads`.
    """

    def __init__(self, parameters: Parameters, heads: Heads | None = None) -> None:
        self.parameters, self.heads = parameters, dict(heads or {})
        self._by_map: dict[tuple[object, ...], list[Layer]] = {}
        self.by_name: dict[str, Layer] = {}

    def of_call(self, operand: Operand, source: Source) -> list[Layer]:
        """Return the layers of a call: one, or its projections."""
        source, form = self._canonical(operand, source)
        key = (source.parameter, source.view, form)
        if key not in self._by_map:
            self._by_map[key] = self._new(operand, source, form)
            self.by_name |= {layer.name: layer for layer in self._by_map[key]}
        if source.view is None:
            for layer in self._by_map[key]:
                layer.computed = operand.weight.detach()
        return self._by_map[key]

    def _canonical(self, operand: Operand, source: Source) -> tuple[Source, Form]:
        # One matrix has one name, however the call spells it: F.linear(z, W), z @ W.T, an einsum.
        if source.view is not None:
            seen = self.parameters.source(operand.form.matrix(operand.weight.detach()))
            if seen is not None:
                return seen, Form("rows", operand.form.groups)
        return source, operand.form

    def _new(self, operand: Operand, source: Source, form: Form) -> list[Layer]:
        units = operand.form.matrix(operand.weight).shape[0]
        path, module, attribute = self._owner(operand, source)
        if isinstance(module, nn.MultiheadAttention) and attribute.endswith("proj_weight"):
            return self._attention(module, path, attribute, source, form, units)
        name = self._unused(self._name(path, attribute, source))
        given = self.heads.get(name, 1)
        projections, heads = given if isinstance(given, tuple) else (1, given)
        if projections < 1 or heads < 1 or units % (projections * heads):
            raise InputError(f"heads of {name} must divide its {units} rows, got {given}")
        if projections == 1:
            return [Layer(name, source, form, (0, units), heads)]
        labels = "qkv" if projections == 3 else [str(i) for i in range(projections)]
        return self._projections(name, labels, source, form, units, heads)

    def _attention(
        self, module: nn.MultiheadAttention, path: str, attribute: str, source: Source, form: Form, units: int
    ) -> list[Layer]:
        heads, width = int(module.num_heads), int(module.embed_dim)
        if attribute != "in_proj_weight" or source.view is None:
            return [Layer(self._unused(f"{path}.{attribute[0]}"), source, form, (0, units), heads)]
        first = source.view[2] // (width * width)
        labels = "qkv"[first : first + units // width]
        return self._projections(path, labels, source, form, units, heads)

    def _projections(
        self, name: str, labels: Sequence[str], source: Source, form: Form, units: int, heads: int
    ) -> list[Layer]:
        size = units // len(labels)
        return [
            Layer(self._unused(f"{name}.{label}" if name else label), source, form, (i * size, (i + 1) * size), heads)
            for i, label in enumerate(labels)
        ]

    def _owner(self, operand: Operand, source: Source) -> tuple[str, nn.Module, str]:
        # A tied weight belongs to the module that uses it as it is used here.
        owners = self.parameters.modules(source.parameter)
        fitting = [owner for owner in owners if isinstance(owner[1], nn.Embedding | nn.EmbeddingBag) == operand.lookup]
        return (fitting or owners)[0]

    def _name(self, path: str, attribute: str, source: Source) -> str:
        # The module's name for its weight, also where the weight is computed from others; else the parameter's.
        path, attribute = plain_name(path, attribute)
        name = path if path and attribute == "weight" else ".".join(filter(None, (path, attribute)))
        if source.view is None:
            return name
        shape, strides, offset = source.view
        if math.prod(shape) == self.parameters.by_name[source.parameter].numel():
            return name
        first = offset // strides[0] if strides[0] else 0
        rows = len(shape) == 2 and strides == (shape[1], 1) and offset % strides[0] == 0
        return f"{name}[{first}:{first + shape[0]}]" if rows else f"{name}[from {offset}]"

    def _unused(self, name: str) -> str:
        # The same weight used as another map, as by an embedding and the readout tied to it, gets a name of its own.
        candidates = chain((name, f"{name}.T"), (f"{name}.{i}" for i in count(2)))
        return next(candidate for candidate in candidates if candidate not in self.by_name)


def plain_name(path: str, attribute: str) -> tuple[str, str]:
    """Return the module and attribute that a parameter of a parametrization or a weight norm stands for."""
    module, marker, rest = ".".join(filter(None, (path, attribute))).partition("parametrizations.")
    if marker:
        return module.rstrip("."), rest.split(".")[0]
    for ending in ("_v", "_g", "_orig"):
        if attribute.endswith(ending) and attribute.removesuffix(ending) == "weight":
            return path, "weight"
    return path, attribute


def chosen(layers: Sequence[str] | str | None, names: Sequence[str]) -> list[str]:
    """Return the names of the layers that were asked for: exact names, names of modules that hold them, or patterns."""
    if layers is None:
        return list(names)
    asked = [layers] if isinstance(layers, str) else list(layers)
    found: list[str] = []
    for name in asked:
        matching = [n for n in names if n == name or n.startswith(f"{name}.") or fnmatchcase(n, str(name))]
        if not matching:
            raise InputError(unknown("layer", str(name), names))
        found += [n for n in matching if n not in found]
    return [name for name in names if name in found]
