"""The networks of the comparison at finite width."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from jaxtyping import Int64

from numerics import MLP

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
