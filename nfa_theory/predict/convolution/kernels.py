"""The kernels of convolutional networks in the limit of infinitely many channels, at the pairs of positions asked for.

The covariance of what is at two positions goes through a convolution by the mean over the offsets of the filter, with
the same offset on both sides since different entries of the weights are independent; through an activation by its dual;
through pooling by the mean on either side. The tangent kernel comes back through their transposes, times the dual of
the activation's derivative. Where a residual branch begins, both parts add up, for its last weights are independent of
all else and have mean zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from derivations.activation_integrals import SampleKernelWithSlope
from nfa_theory.predict.convolution.graph import (
    NONE,
    Pairs,
    backwards,
    equal_positions,
    nodes_of,
    pairs_among,
    places,
    support,
)
from nfa_theory.predict.kernels.between_groups import dual_of_network, on_samples
from numerics.networks.convolution.convnet import ConvNet

_TOGETHER = 16
"""Samples whose pooled positions are averaged in one block."""


class LayerKernels(NamedTuple):
    """What one layer needs of some samples, at pairs of positions.

    Parameters
    ----------
    S : (t, a, b) array
        Gram matrix of patches over their length, at the pairs asked for.
    kappa : (u, a, b) array
        Tangent kernel of the pre-activations, up to a factor, at `pairs`.
    pairs : (u,) array of int
        Those of the pairs asked for where the tangent kernel can differ from zero.
    """

    S: Float[np.ndarray, "t a b"]
    kappa: Float[np.ndarray, "u a b"]
    pairs: Pairs


@dataclass(frozen=True)
class Demand:
    """Pairs of positions that are asked for, by layer.

    Parameters
    ----------
    S : mapping of int to array
        Pairs of the Gram matrices.
    kappa : mapping of int to array
        Pairs of the tangent kernels.
    function : bool
        Whether the covariance of the network's function is asked for.
    """

    S: Mapping[int, Pairs]
    kappa: Mapping[int, Pairs]
    function: bool = False


class Plan(NamedTuple):
    """Which pairs every node has to be computed at: of the covariance, and of the tangent kernel."""

    forward: list[Pairs]
    back: list[Pairs]


class ConvKernels:
    """Kernels of a convolutional network between any two groups of samples, nothing stored but variances.

    Parameters
    ----------
    X : (n, d) array
        Images as rows.
    net : ConvNet
        Its channels do not count, but for scalings that depend on them.

    Raises
    ------
    LimitError
        A variance leaves the range of the dtype, or the Hermite series of an activation does not converge.
    """

    def __init__(self, X: Float[np.ndarray, "n d"], net: ConvNet) -> None:
        self.net, self.nodes = net, nodes_of(net)
        self._images = np.ascontiguousarray(X.reshape(len(X), net.image[0], -1).transpose(1, 2, 0))  # (c, p, n)
        self._support = support(net, self.nodes)
        self._duals: dict[int, SampleKernelWithSlope] = {}
        self._units: dict[int, float] = {}
        self._follow_variances()

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self._images.shape[2])

    @property
    def dtype(self) -> Any:
        """Dtype of the computation."""
        return self._images.dtype

    def all_pairs(self, layer: int) -> Pairs:
        """List all pairs of positions of a layer."""
        return pairs_among(np.arange(self.net.positions[layer - 1]), self.net.positions[layer - 1])

    def plan(self, demand: Demand) -> Plan:
        """Find out what every node has to be computed at."""
        back: list[Pairs] = [NONE] * len(self.nodes)
        for i, node in enumerate(self.nodes):
            if not i:
                continue
            wanted = [demand.kappa.get(node.layer, NONE) if node.kind == "convolve" else NONE]
            wanted += [node.above(back[s]) if node.window is not None else back[s] for s in node.sources]
            pairs, possible = np.unique(np.concatenate(wanted)), self._support[i]
            back[i] = pairs if possible is None else np.intersect1d(pairs, possible)
        forward: list[Pairs] = [NONE] * len(self.nodes)
        last = self.nodes[-1].positions
        if demand.function:
            forward[-1] = equal_positions(last) if self.net.readout == "dense" else pairs_among(np.arange(last), last)
        for i, node in backwards(self.nodes):
            for source in node.sources:
                there = forward[i]
                if node.window is not None:
                    own = demand.S.get(node.layer, NONE) if node.kind == "convolve" else NONE
                    there = np.unique(node.below(np.union1d(there, own)))
                    there = there[there >= 0]
                elif node.kind == "activate":
                    there = np.union1d(there, back[i])
                forward[source] = np.union1d(forward[source], there)
        return Plan(forward, back)

    def between(
        self, rows: Int[np.ndarray, " a"], columns: Int[np.ndarray, " b"], demand: Demand, plan: Plan | None = None
    ) -> tuple[dict[int, LayerKernels], Any]:
        """Compute what is asked for between two groups of samples, by layer; and the function's covariance, or None."""
        plan = plan or self.plan(demand)
        grams, slopes, covariance = self._rise(rows, columns, demand, plan)
        kappas = self._fall(slopes, (len(rows), len(columns)), plan)
        found = {}
        for i, node in enumerate(self.nodes):
            if node.kind == "convolve" and node.layer in {*demand.S, *demand.kappa}:
                pairs = np.intersect1d(demand.kappa.get(node.layer, NONE), plan.back[i])
                kappa = kappas[i][places(plan.back[i], pairs)]
                found[node.layer] = LayerKernels(grams.get(node.layer, kappa[:0]), kappa, pairs)
        return found, covariance

    def _rise(self, rows: Any, columns: Any, demand: Demand, plan: Plan) -> tuple[dict[int, Any], dict[int, Any], Any]:
        """Go from the image to the readout; keep Gram matrices, and duals of slopes."""
        at: list[Any] = [None] * len(self.nodes)
        grams, slopes = {}, {}
        at[0] = self._image_gram(plan.forward[0], rows, columns)
        for i, node in enumerate(self.nodes[1:], start=1):
            source, pairs = node.sources[0], plan.forward[i]
            if node.kind == "convolve":
                own = demand.S.get(node.layer, NONE)
                both = np.union1d(pairs, own)
                S = self._mean_below(i, both, plan.forward[source], at[source])
                grams[node.layer] = S[places(both, own)]
                at[i] = self._preactivation(S[places(both, pairs)], node.layer)
            elif node.kind == "activate":
                at[i], slopes[i] = self._activate(i, plan, at[source], rows, columns)
            elif node.kind == "average":
                at[i] = self._mean_below(i, pairs, plan.forward[source], at[source])
            else:
                at[i] = sum(at[s][places(plan.forward[s], pairs)] for s in node.sources)
        if not demand.function:
            return grams, slopes, None
        return grams, slopes, self._preactivation(at[-1].mean(axis=0), self.net.depth + 1)

    def _fall(self, slopes: dict[int, Any], shape: tuple[int, int], plan: Plan) -> list[Any]:
        """Go from the readout to the first layer."""
        dtype = self._images.dtype
        at: list[Any] = [np.zeros((len(pairs), *shape), dtype) for pairs in plan.back]
        at[-1] += 1
        for i, node in backwards(self.nodes):
            for source in node.sources:
                if not len(plan.back[source]):
                    continue
                if node.window is None:
                    here = at[i] if node.kind == "add" else at[i] * slopes[i]
                    to = places(plan.back[source], plan.back[i])
                    at[source][to[to >= 0]] += here[to >= 0]
                    continue
                entries = node.below(plan.back[i])
                # An average has entries on each side, a convolution the same on both: like the mean on the way up.
                share = (self.net.weight_variance(node.layer) if node.kind == "convolve" else 1.0) / len(entries)
                here = at[i] * dtype.type(share)
                for to in places(plan.back[source], entries):
                    at[source][to[to >= 0]] += here[to >= 0]
        return at

    def _mean_below(self, i: int, pairs: Pairs, below: Pairs, values: Any) -> Any:
        """Take the mean over the entries of a window, zero where padding is seen."""
        entries = self.nodes[i].below(pairs)
        total = np.zeros((len(pairs), *values.shape[1:]), values.dtype)
        for seen in places(below, entries):
            inside = np.flatnonzero(seen >= 0)
            total[inside] += values[seen[inside]]
        total /= values.dtype.type(len(entries))
        return total

    def _activate(self, i: int, plan: Plan, V: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
        """Apply the duals, pair by pair; slopes are in units that keep them below 1, but in branches."""
        source = self.nodes[i].sources[0]
        kernel, positions, n = self._duals[i], self.nodes[i].positions, self.n
        value = np.empty((len(plan.forward[i]), *V.shape[1:]), V.dtype)
        slope = np.empty((len(plan.back[i]), *V.shape[1:]), V.dtype)
        to_value, to_slope = (places(each, plan.forward[source]) for each in (plan.forward[i], plan.back[i]))
        for t, pair in enumerate(plan.forward[source]):
            p, q = divmod(int(pair), positions)
            left, right = p * n + rows, q * n + columns
            if to_value[t] >= 0 and to_slope[t] >= 0:
                value[to_value[t]], slope[to_slope[t]] = kernel(V[t], left, right)
            elif to_value[t] >= 0:
                value[to_value[t]] = kernel.value(V[t], left, right)
            elif to_slope[t] >= 0:
                slope[to_slope[t]] = kernel.slope(V[t], left, right)
        slope /= V.dtype.type(self._units[i])
        return value, slope

    def _image_gram(self, pairs: Pairs, rows: Any, columns: Any) -> Any:
        p, q = np.divmod(pairs, self.nodes[0].positions)
        total = np.zeros((len(pairs), len(rows), len(columns)), self._images.dtype)
        for channel in self._images:  # one after the other: a correlation is 1 only if rounding is always the same
            total += channel[p][:, rows, None] * channel[q][:, None, columns]
        total /= total.dtype.type(len(self._images))
        return total

    def _preactivation(self, S: Any, layer: int) -> Any:
        """Turn a Gram matrix of what a layer takes in into the covariance of its pre-activations."""
        weight, bias = self.net.weight_variance(layer), self.net.bias_variance(layer)
        scaled = S if weight == 1 else S * S.dtype.type(weight)
        return scaled if bias == 0 else scaled + S.dtype.type(bias)

    def _follow_variances(self) -> None:
        """Compute what every sample has with itself, at equal positions and where pooling needs more."""
        pairs = self._own_pairs()
        p, q = np.divmod(pairs[0], self.nodes[0].positions)
        total = np.zeros((len(pairs[0]), self.n), self._images.dtype)
        for channel in self._images:
            total += channel[p] * channel[q]
        at: list[Any] = [total / total.dtype.type(len(self._images))]
        for i, node in enumerate(self.nodes[1:], start=1):
            source = node.sources[0]
            if node.kind == "activate":
                at.append(self._activate_alone(i, pairs, at[source]))
            elif node.kind == "add":
                at.append(sum(at[s][places(pairs[s], pairs[i])] for s in node.sources))
            else:
                mean = self._mean_below(i, pairs[i], pairs[source], at[source])
                at.append(self._preactivation(mean, node.layer) if node.kind == "convolve" else mean)

    def _own_pairs(self) -> list[Pairs]:
        """List the pairs that samples need with themselves."""
        pairs = [NONE] * len(self.nodes)
        pairs[-1] = equal_positions(self.nodes[-1].positions)
        for i, node in backwards(self.nodes):
            for source in node.sources:
                there = pairs[i] if node.window is None else np.unique(node.below(pairs[i]))
                also = equal_positions(self.nodes[source].positions)
                pairs[source] = np.unique(np.concatenate([pairs[source], there[there >= 0], also]))
        return pairs

    def _activate_alone(self, i: int, pairs: list[Pairs], V: Any) -> Any:
        """Fix the variances of an activation, and apply its dual between positions of one sample."""
        source, positions, n = self.nodes[i].sources[0], self.nodes[i].positions, self.n
        variance = V[places(pairs[source], equal_positions(positions))].reshape(-1)
        kernel = self._duals[i] = on_samples(dual_of_network(self.net), variance, f"activation {len(self._duals) + 1}")
        largest = float(kernel.slope.diagonal().max())
        self._units[i] = largest if largest > 0 and not self.nodes[i].in_branch else 1.0
        own = kernel.value.diagonal().reshape(positions, n)
        values = np.empty((len(pairs[i]), n), V.dtype)
        for t, (pair, where) in enumerate(zip(pairs[i], places(pairs[source], pairs[i]), strict=True)):
            p, q = divmod(int(pair), positions)
            if p == q:
                values[t] = own[p]
                continue
            for start in range(0, n, _TOGETHER):
                some = np.arange(start, min(start + _TOGETHER, n))
                block = np.repeat(V[where, some][:, None], len(some), axis=1)
                values[t, some] = kernel.value(block, p * n + some, q * n + some).diagonal()
        return values
