"""The networks of the comparison at finite width, and their early C-NFA measured with `numerics` alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int64

from nfa_theory.reproduce.early_step import early_alignment
from numerics import MLP
from numerics.data import DataSet, load_dataset

ACTIVATIONS = ("relu", "erf", "gelu", "tanh", "quadratic")


@dataclass(frozen=True)
class Case:
    """Networks that differ in their initial weights only: NTK parametrization, zero function at initialization.

    Parameters
    ----------
    data, activation : str
        Names of a data set and of an activation.
    depth, width : int
        Hidden layers, all of one width.
    """

    data: str
    activation: str
    depth: int
    width: int

    @property
    def name(self) -> str:
        """Data, activation and shape in one word."""
        return f"{self.data}-{self.activation}-{self.depth}x{self.width}"

    def network(self, inputs: int, outputs: int) -> MLP:
        """Describe the network; its residuals are the labels, so that its limit is not random."""
        widths = (inputs, *[self.width] * self.depth, outputs)
        return MLP(widths, self.activation, zero_initial_function=True)

    def seeds(self, count: int, seed: int) -> Int64[np.ndarray, " s"]:
        """Return seeds of networks that no other case has, whatever else is in the grid."""
        source = np.random.SeedSequence([seed, crc32(self.name.encode())])
        return (source.generate_state(count) >> 1).astype(np.int64)


@dataclass(frozen=True)
class Grid:
    """All combinations of data, activation, depth and width.

    Parameters
    ----------
    data : tuple of str
        Names of data sets of images.
    depths, widths : tuple of int
        Of the networks.
    samples : int
        Images of each data set.
    seeds : int
        Networks of each case.
    """

    data: tuple[str, ...] = ("fashion_mnist_subset",)
    depths: tuple[int, ...] = (1, 2)
    widths: tuple[int, ...] = (64, 256)
    samples: int = 60
    seeds: int = 30

    def cases(self) -> Iterator[Case]:
        """Yield the cases, narrow networks first."""
        for width, data, depth, activation in product(self.widths, self.data, self.depths, ACTIVATIONS):
            yield Case(data, activation, depth, width)

    def images(self, name: str) -> DataSet:
        """Load the images of one data set in single precision."""
        return load_dataset(name, train=self.samples, test=0, dtype="float32")


def measure(case: Case, images: DataSet, count: int, seed: int = 0) -> Float[np.ndarray, "s l"]:
    """Measure the early C-NFA of every layer of every network of a case."""
    net = case.network(images.X.shape[1], images.Y.shape[1])
    dtype = np.float64 if case.activation == "quadratic" else np.float32  # 32nd powers at depth 5 need the range
    X, Y = images.X.astype(dtype), images.Y.astype(dtype)
    return np.array([early_alignment(X, Y, net, each) for each in case.seeds(count, seed).tolist()])
