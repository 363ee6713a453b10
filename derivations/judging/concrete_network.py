"""A small nonlinear network with exact numbers, differentiated entry by entry in SymPy: the judge of general results.

Nothing here knows tangent features in advance; they are derivatives of the outputs, as the loss gradient is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import sympy

from derivations.judging.instances import integer_matrix


@dataclass(frozen=True)
class ConcreteNetwork:
    """A layer ``h = gamma W z`` followed by polynomial outputs of ``h``, with data and labels.

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

    def output(self, i: int, W: sympy.Matrix, z: sympy.Matrix) -> sympy.Expr:
        """Return output ``i`` at an input (m, 1)."""
        return self._of_preactivation(i, self.gamma * W * z)

    def _of_preactivation(self, i: int, h: sympy.Matrix) -> sympy.Expr:
        own = sum(self.linear[i, j] * h[j] + self.quadratic[i, j] * h[j] ** 2 for j in range(h.rows))
        return own + h[0] * h[h.rows - 1]

    def rows(self) -> list[tuple[int, int]]:
        """List the pairs (sample, output) in their order."""
        return [(mu, i) for mu in range(self.Z.rows) for i in range(self.linear.rows)]

    def tangent_features(self) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations: ``D`` (n c, k)."""
        h = _variables("h", self.W.rows, 1)
        return sympy.Matrix.vstack(
            *(
                sympy.Matrix([self._of_preactivation(i, h)]).jacobian(list(h)).subs(_values(h, self._preactivation(mu)))
                for mu, i in self.rows()
            )
        )

    def _preactivation(self, mu: int) -> sympy.Matrix:
        return self.gamma * self.W * self.Z[mu, :].T

    def input_jacobians(self) -> sympy.Matrix:
        """Differentiate the outputs by the input: ``J`` (n c, m)."""
        z = _variables("z", self.W.cols, 1)
        return sympy.Matrix.vstack(
            *(
                sympy.Matrix([self.output(i, self.W, z)]).jacobian(list(z)).subs(_values(z, self.Z[mu, :].T))
                for mu, i in self.rows()
            )
        )

    def residuals(self) -> sympy.Matrix:
        """Return ``R = Y - f`` (n, c)."""
        shape = self.labels.shape
        outputs = sympy.Matrix(*shape, lambda mu, i: self.output(i, self.W, self.Z[mu, :].T))
        return self.labels - outputs

    def batch_gradient(self, weights: sympy.Matrix, batch: Sequence[int]) -> sympy.Matrix:
        """Differentiate ``(1/2b) sum |y - f|^2`` over a batch by each weight, at weights that may be expressions."""
        W = _variables("w", *self.W.shape)
        outputs = range(self.linear.rows)
        misses = (self.labels[mu, i] - self.output(i, W, self.Z[mu, :].T) for mu in batch for i in outputs)
        loss = sum(miss**2 for miss in misses) / (2 * len(batch))
        here = _values(W, weights)
        return sympy.Matrix(*W.shape, lambda a, b: loss.diff(W[a, b]).subs(here, simultaneous=True))

    @cached_property
    def loss_gradient(self) -> sympy.Matrix:
        """The gradient of the loss over all samples at the network's weights (k, m)."""
        return self.batch_gradient(self.W, range(self.Z.rows))

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The values of the symbols of `derivations.identities.layer`, all from differentiation."""
        n, c = self.labels.shape
        D, R = self.tangent_features(), self.residuals()
        T = sympy.Matrix(n * c, n, lambda row, mu: int(row // c == mu))
        r = sympy.Matrix([R[mu, i] for mu, i in self.rows()])
        matrices = {"W": self.W, "Z": self.Z, "X": T * self.Z, "T": T, "D": D, "r": r, "K": D.T * D / n}
        kernels = {"kappa": D * D.T, "S": self.Z * self.Z.T, "J": self.input_jacobians()}
        sizes = {"n": n, "N": n * c, "k": self.W.rows, "m": self.W.cols}
        return MappingProxyType({**matrices, **kernels, **sizes, "gamma": self.gamma})


@lru_cache(maxsize=16)
def concrete_network(samples: int, outputs: int, fan_in: int, fan_out: int, seed: int) -> ConcreteNetwork:
    """Draw a network."""
    W, Z = integer_matrix(fan_out, fan_in, seed), integer_matrix(samples, fan_in, seed + 1)
    linear, quadratic = integer_matrix(outputs, fan_out, seed + 2), integer_matrix(outputs, fan_out, seed + 3)
    labels = integer_matrix(samples, outputs, seed + 4)
    return ConcreteNetwork(W, Z, linear, quadratic, labels, sympy.Rational(2, 3))


def _variables(name: str, rows: int, cols: int) -> sympy.Matrix:
    return sympy.Matrix(rows, cols, lambda i, j: sympy.Symbol(f"{name}_{i}_{j}"))


def _values(variables: sympy.Matrix, values: sympy.Matrix) -> dict[sympy.Symbol, Any]:
    return dict(zip(variables, values, strict=True))
