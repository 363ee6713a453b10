"""Functions of PyTorch that are linear in one of their arguments: which one, and where its units are in the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own abbreviation

from nfa_theory.torch.weights import Form


@dataclass(frozen=True)
class Operand:
    """An argument that may be a weight, applied to data.

    Parameters
    ----------
    weight, data : Tensor
        The argument itself, and the other factor.
    form : Form
        How it is a matrix.
    units_axes : tuple of int
        Axes of the result that count units; none where there is a single unit.
    lookup : bool
        Whether the data are indices of rows.
    """

    weight: Any
    data: Any
    form: Form
    units_axes: tuple[int, ...] = (-1,)
    lookup: bool = False


Reader = Callable[..., tuple[Operand, ...]]


def _linear(input: Any, weight: Any, bias: Any = None) -> tuple[Operand, ...]:  # noqa: A002
    return (Operand(weight, input, Form("rows")),)


def _convolution(axes: int) -> Reader:
    def read(
        input: Any,  # noqa: A002
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> tuple[Operand, ...]:
        return (Operand(weight, input, Form("rows", int(groups)), (-1 - axes,)),)

    return read


def _transposed_convolution(axes: int) -> Reader:
    def read(
        input: Any,  # noqa: A002
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> tuple[Operand, ...]:
        return (Operand(weight, input, Form("transposed", int(groups)), (-1 - axes,)),)

    return read


def _matmul(A: Any, B: Any, **_: Any) -> tuple[Operand, ...]:
    found = []
    if isinstance(A, Tensor) and isinstance(B, Tensor):
        if B.ndim <= 2:
            found.append(Operand(B, A, Form("columns"), (-1,) * (B.ndim - 1)))
        if A.ndim <= 2:
            found.append(Operand(A, B, Form("rows"), (() if A.ndim == 1 else ((-2,) if B.ndim >= 2 else (-1,)))))
    return tuple(found)


def _matmul_method(self: Any, other: Any = None, mat2: Any = None, **_: Any) -> tuple[Operand, ...]:
    return _matmul(self, mat2 if other is None else other)


def _matmul_reflected(self: Any, other: Any) -> tuple[Operand, ...]:
    return _matmul(other, self)


def _mm(input: Any, mat2: Any, **_: Any) -> tuple[Operand, ...]:  # noqa: A002
    return _matmul(input, mat2)


def _mv(input: Any, vec: Any, **_: Any) -> tuple[Operand, ...]:  # noqa: A002
    return _matmul(input, vec)


def _addmm(input: Any, mat1: Any, mat2: Any, **kwargs: Any) -> tuple[Operand, ...]:  # noqa: A002
    # With a factor before the product the weight is not the argument itself.
    return () if kwargs.get("alpha", 1) != 1 else _matmul(mat1, mat2)


def _embedding(input: Any, weight: Any, *_: Any, **__: Any) -> tuple[Operand, ...]:  # noqa: A002
    return (Operand(weight, input, Form("columns"), lookup=True),)


def _einsum(*arguments: Any) -> tuple[Operand, ...]:
    flat = [arguments[0], *(arguments[1] if isinstance(arguments[1], tuple | list) else arguments[1:])]
    if len(flat) != 3 or not isinstance(flat[0], str):
        return ()
    terms, arrow, result = flat[0].replace(" ", "").partition("->")
    first, _, second = terms.partition(",")
    if not arrow:
        return ()
    candidates = (_by_index(first, second, result, *flat[1:]), _by_index(second, first, result, *flat[:0:-1]))
    return tuple(operand for operand in candidates if operand is not None)


def _by_index(own: str, data: str, result: str, weight: Any, other: Any) -> Operand | None:
    # An index of all three makes a weight of its own for each of its values: no single matrix.
    units = [letter for letter in result if letter in own and letter not in data]
    inputs = [letter for letter in own if letter in data and letter not in result]
    if sorted(own) != sorted(units + inputs) or not isinstance(weight, Tensor):
        return None
    after_dots = result.rpartition("...")[2]
    if not all(letter in after_dots for letter in units):
        return None
    order = tuple(own.index(letter) for letter in units + inputs)
    axes = tuple(result.index(letter) - len(result) for letter in units)
    return Operand(weight, other, Form("rows", order=order, unit_axes=len(units)), axes)


READERS: dict[Any, Reader] = {
    F.linear: _linear,
    torch.conv1d: _convolution(1),
    torch.conv2d: _convolution(2),
    torch.conv3d: _convolution(3),
    torch.conv_transpose1d: _transposed_convolution(1),
    torch.conv_transpose2d: _transposed_convolution(2),
    torch.conv_transpose3d: _transposed_convolution(3),
    torch.matmul: _matmul,
    Tensor.matmul: _matmul_method,
    Tensor.__matmul__: _matmul_method,
    Tensor.__rmatmul__: _matmul_reflected,
    torch.mm: _mm,
    Tensor.mm: _mm,
    torch.mv: _mv,
    Tensor.mv: _mv,
    torch.addmm: _addmm,
    Tensor.addmm: _addmm,
    torch.einsum: _einsum,
    F.embedding: _embedding,
    F.embedding_bag: _embedding,
}
"""By function, how its weight operands are read from its arguments."""
