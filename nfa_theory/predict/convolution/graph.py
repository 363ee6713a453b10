"""A convolutional network as a list of nodes, and the pairs of positions that its kernels need at each of them.

A kernel between two samples is a matrix over pairs of positions ``(p, q)``, each written as one number
``p * positions + q``. Few of them may be needed: a dense readout couples equal positions alone, and a subset of
positions is enough to estimate a sum over all. So every node has a sorted list of pairs; going through a layer is a
table of places in such lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.convolution.positions import Window
from numerics.networks.convolution.program import Activate, Average, Convolve, Step

Pairs = Int[np.ndarray, "..."]
"""Pairs of positions, each as one number, sorted."""
NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Node:
    """A place in the network.

    Parameters
    ----------
    kind : {"image", "convolve", "activate", "average", "add"}
        What leads there.
    sources : tuple of int
        The nodes it comes from.
    positions : int
        Positions of its image.
    window : Window, optional
        Of a convolution or an average.
    layer : int
        Of a convolution, from 1.
    in_branch : bool
        Whether it is passed by on another way: then factors that all else has in common do not.
    """

    kind: str
    sources: tuple[int, ...]
    positions: int
    window: Window | None = None
    layer: int = 0
    in_branch: bool = False

    @property
    def _window(self) -> Window:
        if self.window is None:  # only convolutions and averages are asked for it
            raise AssertionError
        return self.window

    def below(self, pairs: Pairs) -> Int[np.ndarray, "o t"]:
        """List the pairs before a layer that each pair after it sees; -1 where padding is seen."""
        return self._through(self._window.seen, pairs, self.positions, self._window.positions_in)

    def above(self, pairs: Pairs) -> Pairs:
        """List the pairs after a layer that see any of the pairs before it."""
        found = np.unique(self._through(self._window.seen_from, pairs, self._window.positions_in, self.positions))
        return found[found >= 0]

    def _through(self, table: Any, pairs: Pairs, positions: int, others: int) -> Int[np.ndarray, "o t"]:
        p, q = np.divmod(pairs, positions)
        first, second = table[:, p], table[:, q]
        if self.kind == "average":  # means are taken on both sides, each with offsets of its own
            entries = len(table)
            first, second = np.repeat(first, entries, axis=0), np.tile(second, (entries, 1))
        return np.where((first < 0) | (second < 0), -1, first * others + second)


def nodes_of(net: ConvNet) -> list[Node]:
    """List the nodes of a network, each after those it comes from; the last is what the readout sees."""
    nodes = [Node("image", (), net.image[1] * net.image[2])]
    for step in net.program.steps:
        _append(nodes, step)
    return nodes


def _append(nodes: list[Node], step: Step, in_branch: bool = False) -> None:
    here, positions = len(nodes) - 1, nodes[-1].positions
    if isinstance(step, Convolve):
        nodes.append(Node("convolve", (here,), step.window.positions_out, step.window, step.layer, in_branch))
    elif isinstance(step, Activate):
        nodes.append(Node("activate", (here,), positions, in_branch=in_branch))
    elif isinstance(step, Average):
        nodes.append(Node("average", (here,), step.window.positions_out, step.window))
    else:
        for each in step.steps:
            _append(nodes, each, True)
        nodes.append(Node("add", (here, len(nodes) - 1), positions))


def equal_positions(positions: int) -> Pairs:
    """List the pairs of a position with itself."""
    return np.arange(positions) * (positions + 1)


def pairs_among(chosen: Int[np.ndarray, " m"], positions: int) -> Pairs:
    """List all pairs of some positions, in increasing order if these are."""
    pairs: Pairs = (chosen[:, None] * positions + chosen).reshape(-1)
    return pairs


def support(net: ConvNet, nodes: list[Node]) -> list[Pairs | None]:
    """List where the tangent kernel of each node can differ from zero; None stands for everywhere."""
    if net.readout == "mean":
        return [None] * len(nodes)
    found: list[Pairs] = [NONE] * len(nodes)
    found[-1] = equal_positions(nodes[-1].positions)
    for i, node in backwards(nodes):
        for source in node.sources:
            there = np.unique(node.below(found[i])) if node.window is not None else found[i]
            found[source] = np.union1d(found[source], there[there >= 0])
    return list(found)


def backwards(nodes: list[Node]) -> Iterator[tuple[int, Node]]:
    """Go from the last node to the one after the image."""
    for i in range(len(nodes) - 1, 0, -1):
        yield i, nodes[i]


def places(pairs: Pairs, wanted: Int[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
    """Look pairs up in a sorted list; -1 where they are missing."""
    if not len(pairs):
        return np.full(wanted.shape, -1)
    at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    return np.where(pairs[at] == wanted, at, -1)
