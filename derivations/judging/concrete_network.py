"""A small nonlinear network with exact numbers, differentiated by being evaluated: the judge of general results.

Nothing here knows tangent features in advance; they are derivatives of the outputs, as the loss gradient is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Final

import sympy

from derivations.judging.instances import integer_matrix
from derivations.judging.interpolation import coefficients, gradient, jacobian
from derivations.judging.termwise import TermwiseValue

MULTIPLIERS: Final = (sympy.Rational(2, 3), sympy.Rational(5, 2), sympy.Rational(7, 4), sympy.Rational(3, 5))


@dataclass(frozen=True)
class ConcreteNetwork:
    """A layer ``h = gamma W z`` followed by outputs that are quadratic in ``h``, with data and labels.

    Parameters
    ----------
    W : sympy.Matrix
        Weights (k, m), integers.
    Z : sympy.Matrix
        Inputs (n, m), integers.
    linear, quadratic : sympy.Matrix
        Coefficients (c, k) of the outputs ``f_i = sum_j linear_ij h_j + quadratic_ij h_j^2 + h_1 h_k``.
    labels : sympy.Matrix
        ``Y`` (n, c).
    gamma : sympy.Rational
        Multiplier of the layer.
    """

    W: sympy.Matrix
    Z: sympy.Matrix
    linear: sympy.Matrix
    quadratic: sympy.Matrix
    labels: sympy.Matrix
    gamma: Any

    def outputs(self, W: sympy.Matrix, inputs: sympy.Matrix) -> sympy.Matrix:
        """Return the outputs at inputs (n, m), one sample a row: (n, c)."""
        return self._after(self.gamma * inputs * W.T)

    def _after(self, h: sympy.Matrix) -> sympy.Matrix:
        squares, mixed = h.multiply_elementwise(h), h[:, 0].multiply_elementwise(h[:, -1])
        return h * self.linear.T + squares * self.quadratic.T + mixed * sympy.ones(1, self.linear.rows)

    def tangent_features(self) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations: ``D`` (n c, k), one row for each sample and output."""
        return self._by_sample(lambda h: self._after(h.T).T, self.gamma * self.Z * self.W.T)

    def input_jacobians(self) -> sympy.Matrix:
        """Differentiate the outputs by the input: ``J`` (n c, m)."""
        return self._by_sample(lambda z: self.outputs(self.W, z.T).T, self.Z)

    def _by_sample(self, function: Any, at: sympy.Matrix) -> sympy.Matrix:
        return sympy.Matrix.vstack(*(jacobian(function, at[mu, :].T, 2) for mu in range(at.rows)))

    def weight_jacobian(self) -> sympy.Matrix:
        """Differentiate all outputs by all weights: (n c, k m)."""

        def row(mu: int, i: int) -> sympy.Matrix:
            return gradient(lambda W: self.outputs(W, self.Z[mu, :])[0, i], self.W, 2).reshape(1, len(self.W))

        return sympy.Matrix.vstack(*(row(mu, i) for mu in range(self.Z.rows) for i in range(self.linear.rows)))

    def residuals(self) -> sympy.Matrix:
        """Return ``R = Y - f`` (n, c)."""
        return self.labels - self.outputs(self.W, self.Z)

    def batch_gradient(self, weights: sympy.Matrix, batch: Sequence[int]) -> sympy.Matrix:
        """Differentiate ``(1/2b) sum |y - f|^2`` over a batch by each weight."""
        inputs, labels = (each.extract(list(batch), list(range(each.cols))) for each in (self.Z, self.labels))

        def loss(W: sympy.Matrix) -> sympy.Expr:
            missed = labels - self.outputs(W, inputs)
            return (missed.T * missed).trace() / (2 * len(batch))

        return gradient(loss, weights, 4)

    @cached_property
    def loss_gradient(self) -> sympy.Matrix:
        """The gradient of the loss over all samples at the network's weights (k, m)."""
        return self.batch_gradient(self.W, range(self.Z.rows))

    def trained(self, batches: Sequence[Sequence[int]]) -> sympy.Matrix:
        """Train by one step on each of at most two batches; return the first order of the change in the step size."""

        def change(step: int) -> sympy.Matrix:
            weights = self.W
            for batch in batches:
                weights = weights - step * self.batch_gradient(weights, batch)
            return weights - self.W

        return coefficients(change, 4)[1]

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The values of the symbols of `derivations.identities.layer`, all from differentiation.

        ``P`` and ``Q`` are summed sample by sample from ``R_mu^T kappa_mu_nu R_nu``, and the same with ``kappa^2``.
        """
        n, c = self.labels.shape
        D, R = self.tangent_features(), self.residuals()
        T = sympy.Matrix(n * c, n, lambda row, mu: int(row // c == mu))
        r = sympy.Matrix([R[mu, i] for mu in range(n) for i in range(c)])
        kappa = D * D.T
        matrices = {"W": self.W, "Z": self.Z, "X": T * self.Z, "T": T, "D": D, "r": r, "K": D.T * D / n}
        blocks = {name: _between_samples(kernel, r, c) for name, kernel in (("P", kappa), ("Q", kappa * kappa))}
        kernels = {"kappa": kappa, "S": self.Z * self.Z.T, "J": self.input_jacobians(), **blocks}
        sizes = {"n": n, "N": n * c, "k": self.W.rows, "m": self.W.cols}
        return MappingProxyType({**matrices, **kernels, **sizes, "gamma": self.gamma})

    @cached_property
    def at(self) -> TermwiseValue:
        """What inserts these values."""
        return TermwiseValue(self.values)


def _between_samples(kernel: sympy.Matrix, r: sympy.Matrix, c: int) -> sympy.Matrix:
    size = r.rows // c

    def entry(mu: int, nu: int) -> sympy.Expr:
        rows, cols = (slice(each * c, (each + 1) * c) for each in (mu, nu))
        return (r[rows, :].T * kernel[rows, cols] * r[cols, :])[0]

    return sympy.Matrix(size, size, entry)


@lru_cache(maxsize=32)
def concrete_network(samples: int, outputs: int, fan_in: int, fan_out: int, seed: int) -> ConcreteNetwork:
    """Draw a network."""
    W, Z = integer_matrix(fan_out, fan_in, seed), integer_matrix(samples, fan_in, seed + 1)
    linear, quadratic = integer_matrix(outputs, fan_out, seed + 2), integer_matrix(outputs, fan_out, seed + 3)
    labels = integer_matrix(samples, outputs, seed + 4)
    return ConcreteNetwork(W, Z, linear, quadratic, labels, MULTIPLIERS[seed % len(MULTIPLIERS)])


def concrete_networks(outputs: int | None = None) -> tuple[ConcreteNetwork, ...]:
    """Return networks in which every size and the multiplier take four values, the sizes from four upwards.

    Closed forms for one layer are of third degree or less in each scalar, so four values decide; the longest products
    of one matrix have four factors, so sizes of four and more leave no identity between traces of small matrices.
    """
    sizes = ((4, 1, 5, 4), (5, 2, 4, 6), (6, 2, 7, 5), (7, 1, 6, 7))
    return tuple(
        concrete_network(n, outputs or c, m, k, seed)
        for seed, (n, c, m, k) in zip((11, 21, 32, 42), sizes, strict=True)
    )
