"""Exact averages of traces of Gaussian matrices of any size: every way in which their indices can coincide.

A trace such as ``tr(A M B M)`` with ``A = X^T diag(y) X / n``, ``B = X^T X / n`` and ``M = W^T W / k`` is a sum over
samples and neurons (one for each factor) and over coordinates (one between neighbors). Entries of ``X`` and ``W`` are
independent, so the average of a summand depends only on which of these indices are equal: it is a product of moments
of single normal numbers and of labels. There are finitely many such patterns, and each occurs a known number of times.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

LABELED, UNLABELED, NEURON = "ABM"
"""Letters of a word: the factors ``X^T diag(y) X``, ``X^T X`` and ``W^T W``."""
NORMAL_MOMENTS = np.array([0.0 if power % 2 else prod(range(1, power, 2)) for power in range(21)])


@dataclass(frozen=True)
class Coincidences:
    """The average of a trace, by the number of different samples, neurons, coordinates, and labels of power four.

    Parameters
    ----------
    counts : mapping
        From those four numbers to how often they occur, weighted with the moments of normal numbers.
    samples, neurons : int
        Factors of either kind: powers of ``1/n`` and ``1/k``.
    """

    counts: Any
    samples: int
    neurons: int

    def mean(self, n: int, d: int, k: int, kurtosis: float) -> float:
        """Average over Gaussian inputs and weights, and independent labels of mean 0 and variance 1."""
        total = sum(
            count * kurtosis**fours * _choices(n, i) * _choices(k, j) * _choices(d, c)
            for (i, j, c, fours), count in self.counts.items()
        )
        return float(total / n**self.samples / k**self.neurons)


@cache
def coincidences(word: str) -> Coincidences:
    """Count the patterns of equal indices in the trace of a word."""
    edges = _growth_strings(len(word))
    colors = edges.max(axis=1) + 1
    samples = [i for i, letter in enumerate(word) if letter != NEURON]
    neurons = [i for i, letter in enumerate(word) if letter == NEURON]
    found: Counter[tuple[int, int, int, int]] = Counter()
    moment = cache(lambda block: _moments(edges, block))
    for neuron_blocks in partitions(neurons):
        of_neurons = prod((moment(block) for block in neuron_blocks), start=np.ones(len(edges)))
        for sample_blocks in partitions(samples):
            labels = [sum(word[i] == LABELED for i in block) for block in sample_blocks]
            if any(power % 2 for power in labels):
                continue
            weights = prod((moment(block) for block in sample_blocks), start=of_neurons)
            for c, count in enumerate(np.bincount(colors, weights)):
                found[len(sample_blocks), len(neuron_blocks), c, labels.count(4)] += round(count)
    return Coincidences({key: count for key, count in found.items() if count}, len(samples), len(neurons))


def _moments(edges: Any, block: tuple[int, ...]) -> Any:
    """Average the entries of one random vector that stands in several places, for every pattern of coordinates."""
    ends = np.concatenate([edges[:, [i - 1, i]] for i in block], axis=1)
    powers = (ends[:, :, None] == np.arange(edges.shape[1])).sum(axis=1)
    return NORMAL_MOMENTS[powers].prod(axis=1)


def _growth_strings(length: int) -> Any:
    """List every pattern of equal indices as numbers, each at most one more than all before it."""
    rows = np.zeros((1, 1), dtype=np.int8)
    for _ in range(length - 1):
        options = rows.max(axis=1).astype(int) + 2
        last = np.arange(options.sum()) - np.repeat(np.cumsum(options) - options, options)
        rows = np.column_stack([np.repeat(rows, options, axis=0), last.astype(np.int8)])
    return rows


def partitions(places: list[int]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """List every way to divide places into blocks."""
    for row in _growth_strings(len(places)) if places else np.zeros((1, 0), dtype=np.int8):
        yield tuple(
            tuple(place for place, number in zip(places, row, strict=True) if number == each) for each in set(row)
        )


def _choices(size: int, number: int) -> float:
    """Count the ways to choose different indices one after the other."""
    return float(prod(range(size, size - number, -1)))
