"""Exact averages of traces of ``W^T W`` at any width: every way in which the neurons of a product can coincide.

A trace of ``C_1 M C_2 M ...`` with ``M = W^T W`` is a sum over one neuron for each ``M``. Neurons are independent, so
the average of a summand depends only on which of them are the same; there are finitely many such patterns, each occurs
a known number of times, and the average over one neuron is taken over every node of a quadrature.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.coincidences import partitions
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes


def mean_trace(factors: Sequence[Shaped[Any, "d d"]], k: int) -> float:
    """Average ``tr(C_1 M C_2 M ... C_n M)`` over Gaussian weights W (k, d); no more than two neurons may recur."""
    total = 0.0
    for blocks in partitions(list(range(len(factors)))):
        neurons = [next(i for i, block in enumerate(blocks) if place in block) for place in range(len(factors))]
        ways = prod(range(k, k - len(blocks), -1))
        total += ways * _mean_of_pattern(list(factors), neurons) if ways else 0.0
    return total


def _mean_of_pattern(factors: list[Any], neurons: list[int]) -> float:
    """Average the product of ``w_i^T C w_j`` around a circle; a neuron that stands in one place leaves the identity."""
    while True:
        alone = [at for at, each in enumerate(neurons) if neurons.count(each) == 1]
        if not alone:
            break
        if len(neurons) == 1:
            return float(np.trace(factors[0]))
        at = alone[0]
        after = (at + 1) % len(neurons)  # factor ``at`` stands before neuron ``at``
        factors[after] = factors[at] @ factors[after]
        del factors[at], neurons[at]
    d = len(factors[0])
    names = list(dict.fromkeys(neurons))
    nodes = {name: gaussian_nodes(d, 2 * neurons.count(name)) for name in names}
    letters = dict(zip(names, "ab", strict=False))
    terms, forms = [], []
    for at, factor in enumerate(factors):
        left, right = neurons[at - 1], neurons[at]
        x, y = nodes[left][0], nodes[right][0]
        terms.append(letters[left] if left == right else letters[left] + letters[right])
        forms.append(np.einsum("ni,ij,nj->n", x, factor, y) if left == right else x @ factor @ y.T)
    weights = [nodes[name][1] for name in names]
    return float(np.einsum(",".join([*terms, *(letters[name] for name in names)]) + "->", *forms, *weights))
