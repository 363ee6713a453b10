"""The kernels of an infinitely wide network between any two groups of samples.

Every kernel is a function of one entry of the input Gram matrix and of two variances, so a block of it is made anew
from the inputs where it is needed, instead of being kept: the memory does not grow with depth.
"""

from typing import Any

import numpy as np

from derivations.activation_integrals import ActivationError, Dual, SampleKernel, dual
from numerics import MLP, InputError

Group = Any
"""Some of the samples: a slice, or an array of their numbers."""


class PairKernels:
    """Kernels of a network in the limit of infinite width, between any two groups of samples, nothing stored.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    net : MLP
        Its depth, activation and variances count; its widths do not, but for scalings that depend on them.

    Raises
    ------
    InputError
        A variance leaves the range of the dtype, or the Hermite series of an activation does not converge.
    """

    def __init__(self, X: Any, net: MLP) -> None:
        self.net, self.X = net, X
        activation = net.activation
        self._dual: Dual = dual(activation.name, activation.parameter)
        self._phi: list[SampleKernel] = []
        self._slope: list[SampleKernel] = []
        self._slope_unit: list[float] = []
        self._norms = np.einsum("ij,ij->i", X, X) / X.dtype.type(X.shape[1])
        variance = self._norms
        for layer in range(1, net.depth + 1):
            q = self._preactivation(variance, layer)
            phi, slope = (_on_samples(each, q, layer) for each in (self._dual, self._dual.derivative))
            self._phi.append(phi)
            self._slope.append(slope)
            largest = slope.diagonal().max()
            self._slope_unit.append(float(largest) if largest > 0 else 1.0)
            variance = phi.diagonal().astype(q.dtype)

    @property
    def input_variance(self) -> Any:
        """Squared norm of each sample over the number of inputs, (n,)."""
        return self._norms

    def _preactivation(self, S: Any, layer: int) -> Any:
        """Turn a Gram matrix of a layer's inputs into the covariance of its pre-activations."""
        weight, bias = self.net.weight_variance(layer), self.net.bias_variance(layer)
        scaled = S if weight == 1 else S * weight
        return scaled if bias == 0 else scaled + bias

    def _gram(self, rows: Group, columns: Group) -> Any:
        gram = self.X[rows] @ self.X[columns].T
        gram /= self.X.shape[1]
        if _same(rows, columns):  # a correlation is 1 only if rounding is the same in all three numbers
            np.fill_diagonal(gram, self._norms[rows])
        return gram

    def _block(self, layer: int, rows: Group, columns: Group) -> Any:
        """Compute a block of ``Sigma^(layer)``; layer 0 is the input."""
        S = self._gram(rows, columns)
        for below in range(1, layer + 1):
            S = self.rise(S, below, rows, columns)
        return S

    def covariance(self, rows: Group, columns: Group) -> Any:
        """Compute a block of the covariance of the network's function at initialization, the same for every output.

        Parameters
        ----------
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        (rows, columns) array
            Of ``Sigma^(depth + 1)``.
        """
        return self.function_covariance(self._gram(rows, columns), 1, rows, columns)

    def rise(self, S: Any, layer: int, rows: Group, columns: Group) -> Any:
        """Turn a block of ``Sigma^(layer - 1)`` into one of ``Sigma^(layer)``.

        Parameters
        ----------
        S : (rows, columns) array
            The block.
        layer : int
            The layer that is passed through.
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        (rows, columns) array
            The block above.
        """
        return self._phi[layer - 1](self._preactivation(S, layer), rows, columns)

    def tangent_kernel(self, S: Any, layer: int, rows: Group, columns: Group) -> Any:
        """Compute a block of the tangent kernel of a layer's pre-activations.

        Parameters
        ----------
        S : (rows, columns) array
            A block of ``Sigma^(layer - 1)``.
        layer : int
            The layer.
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        (rows, columns) array
            In units in which no entry is above 1.
        """
        kappa = self._unit_slope(S, layer, rows, columns)
        for below in range(layer, self.net.depth):
            S = self.rise(S, below, rows, columns)
            kappa *= self._unit_slope(S, below + 1, rows, columns)
        return kappa

    def function_covariance(self, S: Any, layer: int, rows: Group, columns: Group) -> Any:
        """Compute a block of the covariance of the network's function at initialization, of every output.

        Parameters
        ----------
        S : (rows, columns) array
            A block of ``Sigma^(layer - 1)``.
        layer : int
            The layer whose inputs are known.
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        (rows, columns) array
            Of ``Sigma^(depth + 1)``.
        """
        for above in range(layer, self.net.depth + 1):
            S = self.rise(S, above, rows, columns)
        return self._preactivation(S, self.net.depth + 1)

    def _unit_slope(self, S: Any, layer: int, rows: Group, columns: Group) -> Any:
        """Compute the dual of the activation's derivative at a layer, in units in which no entry is above 1."""
        slope = self._slope[layer - 1](self._preactivation(S, layer), rows, columns)
        return slope / slope.dtype.type(self._slope_unit[layer - 1])

    def gram_matrices(self, rows: Group, columns: Group) -> list[Any]:
        """Compute the Gram matrices of the inputs of all hidden layers.

        Parameters
        ----------
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        list of (rows, columns) array
            ``Sigma^(0), ..., Sigma^(depth - 1)``.
        """
        grams = [self._gram(rows, columns)]
        for below in range(1, self.net.depth):
            grams.append(self.rise(grams[-1], below, rows, columns))
        return grams

    def tangent_kernels(self, grams: list[Any], rows: Group, columns: Group) -> list[Any]:
        """Compute the tangent kernels of the pre-activations of all hidden layers.

        Parameters
        ----------
        grams : list of (rows, columns) array
            From `gram_matrices` for the same groups.
        rows, columns : slice or (m,) array of int
            Groups of samples.

        Returns
        -------
        list of (rows, columns) array
            Of layers 1, ..., depth, in units in which no entry is above 1.
        """
        kappas: list[Any] = []
        for layer in range(self.net.depth, 0, -1):
            slope = self._unit_slope(grams[layer - 1], layer, rows, columns)
            kappas.append(kappas[-1] * slope if kappas else slope)
        return kappas[::-1]


def _on_samples(theory: Dual, q: Any, layer: int) -> SampleKernel:
    if not np.all(np.isfinite(q)):
        raise InputError(
            f"the pre-activations of layer {layer} must have finite variances in {q.dtype}, got {q.max()}; "
            "scale the inputs down"
        )
    try:
        return theory.on_samples(q)
    except ActivationError as error:
        raise InputError(f"layer {layer}: {error}") from None


def _same(rows: Group, columns: Group) -> bool:
    return rows is columns or (isinstance(rows, slice) and isinstance(columns, slice) and rows == columns)
