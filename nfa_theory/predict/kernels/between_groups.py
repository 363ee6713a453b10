"""The kernels of an infinitely wide network between any two groups of samples.

Every kernel is a function of one entry of the input Gram matrix and of two variances, so a block of it is made anew
from the inputs where it is needed, instead of being kept: the memory does not grow with depth.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from numerics import MLP, ConvNet, InputError

if TYPE_CHECKING:  # the duals need SymPy, which takes a moment to import
    from derivations.activation_integrals import Dual, SampleKernelWithSlope

Group = Any
"""Some of the samples: a slice, or an array of their numbers."""


class LimitError(InputError):
    """The limit of infinite width cannot be computed; networks of finite width may do."""


class PairKernels:
    """Kernels of a network in the limit of infinite width, between any two groups of samples, nothing stored.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    net : MLP
        Its depth, activation and variances count; its widths do not, but for scalings that depend on them.

    Attributes
    ----------
    slope_units : list of float
        By layer, what the dual of the activation's derivative is divided by: an alignment has no scale.

    Raises
    ------
    LimitError
        A variance leaves the range of the dtype, or the duals of an activation are not known well enough.
    """

    def __init__(self, X: Any, net: MLP) -> None:
        self.net, self.X = net, X
        theory = dual_of_network(net)
        self._duals: list[SampleKernelWithSlope] = []
        self.slope_units: list[float] = []
        self._norms = np.einsum("ij,ij->i", X, X) / X.dtype.type(X.shape[1])
        variance = self._norms
        for layer in range(1, net.depth + 1):
            q = self._preactivation(variance, layer)
            both = on_samples(theory, q, f"layer {layer}")
            self._duals.append(both)
            largest = both.slope.diagonal().max()
            self.slope_units.append(float(largest) if largest > 0 else 1.0)
            variance = both.value.diagonal().astype(q.dtype)
        self._last_variance = variance

    @property
    def input_variance(self) -> Any:
        """Squared norm of each sample over the number of inputs, (n,)."""
        return self._norms

    @property
    def numbers_per_sample(self) -> int:
        """How many numbers the duals of all layers keep for each sample."""
        return sum(each.numbers_per_sample for each in self._duals)

    @property
    def function_variance(self) -> Any:
        """Variance of an output at initialization, of each sample, (n,)."""
        return self._preactivation(self._last_variance, self.net.depth + 1)

    def diagonals(self) -> tuple[list[Any], list[Any]]:
        """Compute what every sample has with itself."""
        variances = [self._norms, *(each.value.diagonal() for each in self._duals[:-1])]
        slopes = [self._in_units(each.slope.diagonal(), layer) for layer, each in enumerate(self._duals, start=1)]
        return variances, [_product([slope.copy() for slope in slopes[layer:]]) for layer in range(self.net.depth)]

    def _preactivation(self, S: Any, layer: int) -> Any:
        """Turn a Gram matrix of a layer's inputs into the covariance of its pre-activations."""
        weight, bias = self.net.weight_variance(layer), self.net.bias_variance(layer)
        scaled = S if weight == 1 else S * weight
        return scaled if bias == 0 else scaled + bias

    def _gram(self, rows: Group, columns: Group) -> Any:
        gram = self.X[rows] @ self.X[columns].T
        gram /= self.X.shape[1]
        if _start_together(rows, columns):  # a correlation is 1 only if rounding is the same in all three numbers
            np.fill_diagonal(gram, self._norms[rows])
        return gram

    def covariance(self, rows: Group, columns: Group) -> Shaped[Any, "rows columns"]:
        """Compute a block of the covariance of the network's function at initialization, the same for every output."""
        return self.function_covariance(self._gram(rows, columns), 1, rows, columns)

    def rise(
        self, S: Shaped[Any, "rows columns"], layer: int, rows: Group, columns: Group
    ) -> Shaped[Any, "rows columns"]:
        """Turn a block of ``Sigma^(layer - 1)`` into one of ``Sigma^(layer)``."""
        return self._duals[layer - 1].value(self._preactivation(S, layer), rows, columns)

    def tangent_kernel(
        self, S: Shaped[Any, "rows columns"], layer: int, rows: Group, columns: Group
    ) -> Shaped[Any, "rows columns"]:
        """Compute a block of the tangent kernel of a layer's pre-activations."""
        S, slopes = self._up_to_the_last(S, layer, rows, columns)
        return _product([*slopes, self._unit_slope(S, self.net.depth, rows, columns)])

    def to_the_output(self, S: Shaped[Any, "rows columns"], layer: int, rows: Group, columns: Group) -> tuple[Any, Any]:
        """Compute a block of the tangent kernel of a layer's pre-activations, and of the function's covariance."""
        S, slopes = self._up_to_the_last(S, layer, rows, columns)
        S, slope = self._pass(S, self.net.depth, rows, columns)
        return _product([*slopes, slope]), self._preactivation(S, self.net.depth + 1)

    def _up_to_the_last(self, S: Any, layer: int, rows: Group, columns: Group) -> tuple[Any, list[Any]]:
        """Turn ``Sigma^(layer - 1)`` into ``Sigma^(depth - 1)``, and compute the product of the slopes between."""
        slopes: list[Any] = []
        for below in range(layer, self.net.depth):
            S, slope = self._pass(S, below, rows, columns)
            slopes = [_product([*slopes, slope])]
        return S, slopes

    def function_covariance(
        self, S: Shaped[Any, "rows columns"], layer: int, rows: Group, columns: Group
    ) -> Shaped[Any, "rows columns"]:
        """Compute a block of the covariance of the network's function at initialization, of every output."""
        for above in range(layer, self.net.depth + 1):
            S = self.rise(S, above, rows, columns)
        return self._preactivation(S, self.net.depth + 1)

    def _pass(self, S: Any, layer: int, rows: Group, columns: Group) -> tuple[Any, Any]:
        """Turn a block of ``Sigma^(layer - 1)`` into one of ``Sigma^(layer)``, and compute `_unit_slope` there."""
        above, slope = self._duals[layer - 1](self._preactivation(S, layer), rows, columns)
        return above, self._in_units(slope, layer)

    def _unit_slope(self, S: Any, layer: int, rows: Group, columns: Group) -> Any:
        """Compute the dual of the activation's derivative at a layer, in units in which no entry is above 1."""
        return self._in_units(self._duals[layer - 1].slope(self._preactivation(S, layer), rows, columns), layer)

    def _in_units(self, slope: Any, layer: int) -> Any:
        return slope / slope.dtype.type(self.slope_units[layer - 1])

    def gram_matrices(self, rows: Group, columns: Group) -> list[Any]:
        """Compute the Gram matrices of the inputs of all hidden layers."""
        grams = [self._gram(rows, columns)]
        for below in range(1, self.net.depth):
            grams.append(self.rise(grams[-1], below, rows, columns))
        return grams

    def all_layers(self, rows: Group, columns: Group) -> tuple[list[Any], list[Any]]:
        """Compute the Gram matrices of the inputs of all hidden layers, and the tangent kernels."""
        grams, slopes = [self._gram(rows, columns)], []
        for below in range(1, self.net.depth):
            S, slope = self._pass(grams[-1], below, rows, columns)
            grams.append(S)
            slopes.append(slope)
        kappas = [self._unit_slope(grams[-1], self.net.depth, rows, columns)]
        for slope in slopes[::-1]:
            kappas.append(kappas[-1] * slope)
        return grams, kappas[::-1]


def dual_of_network(net: MLP | ConvNet) -> "Dual":
    """Find the dual of an activation by its name, or make that of a function."""
    from derivations.activation_integrals import dual, dual_of

    phi = net.activation
    return dual(phi.name, phi.parameter) if phi.own is None else dual_of(*phi.own, name=phi.name)


def on_samples(theory: "Dual", q: Any, place: str) -> "SampleKernelWithSlope":
    """Fix the variances of pre-activations, (n,); `place` is named in the error."""
    if not np.all(np.isfinite(q)):
        raise LimitError(
            f"the pre-activations of {place} must have finite variances in {q.dtype}, got {q.max()}; "
            "scale the inputs down"
        )
    from derivations.activation_integrals import ActivationError

    try:
        return theory.on_samples_with_slope(q)
    except ActivationError as error:
        raise LimitError(f"{place}: {error}") from None


def _product(factors: list[Any]) -> Any:
    """Multiply arrays, in the place of the first."""
    product, *others = factors
    for each in others:
        product *= each
    return product


def _start_together(rows: Group, columns: Group) -> bool:
    return rows is columns or (isinstance(rows, slice) and isinstance(columns, slice) and rows.start == columns.start)
