"""Which positions of an image a window sees, as an array of numbers: all linear maps over positions are such."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from numerics.errors import InputError
from numerics.networks.convolution.layers import Conv, MeanPool


@dataclass(frozen=True, eq=False)
class Window:
    """A window that is moved over an image.

    Parameters
    ----------
    shape_in, shape_out : (int, int)
        Height and width before and after.
    seen : numpy.ndarray, shape (offsets, positions after)
        ``seen[o, p]`` is the position, row by row, that entry `o` of the window sees from position `p`; -1 is a zero
        that padding added.
    """

    shape_in: tuple[int, int]
    shape_out: tuple[int, int]
    seen: Int[np.ndarray, "o p"]

    @property
    def positions_in(self) -> int:
        """Number of positions before."""
        return self.shape_in[0] * self.shape_in[1]

    @property
    def positions_out(self) -> int:
        """Number of positions after."""
        return self.shape_out[0] * self.shape_out[1]

    @cached_property
    def seen_from(self) -> Int[np.ndarray, "o q"]:
        """The other way around: which position sees a position by each entry of the window; -1 for none.

        No two positions see the same one by the same entry.
        """
        inverse = np.full((len(self.seen), self.positions_in + 1), -1)
        for entry, seen in zip(inverse, self.seen, strict=True):
            entry[seen] = np.arange(self.positions_out)
        return inverse[:, :-1]


def window_of(layer: Conv | MeanPool, shape: tuple[int, int]) -> Window:
    """Move the window of a layer over an image.

    Examples
    --------
    >>> window_of(Conv(1, kernel_size=2, padding=0), (2, 3)).seen.tolist()
    [[0, 1], [1, 2], [3, 4], [4, 5]]
    """
    if isinstance(layer, Conv):
        size, stride, margin, apart = layer.kernel_size, layer.stride, layer.margin, layer.dilation
        circular = layer.padding_mode == "circular"
    else:
        size, stride, margin, apart, circular = layer.size, layer.stride or layer.size, 0, 1, False
    axes = []
    for length in shape:
        count = (length + 2 * margin - apart * (size - 1) - 1) // stride + 1
        if count < 1 or (circular and margin > length):
            raise InputError(f"{layer} does not fit an image of {shape[0]} x {shape[1]} positions")
        at = stride * np.arange(count) - margin + apart * np.arange(size)[:, None]
        axes.append(at % length if circular else np.where((at >= 0) & (at < length), at, -1))
    rows, columns = axes
    joined = rows[:, None, :, None] * shape[1] + columns[None, :, None, :]
    outside = (rows[:, None, :, None] < 0) | (columns[None, :, None, :] < 0)
    seen = np.where(outside, -1, joined).reshape(size * size, -1)
    return Window(shape, (rows.shape[1], columns.shape[1]), seen)
