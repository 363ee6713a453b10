"""One layer of a deep linear network: its features as polynomials, and their series in time, symbolic or numeric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from derivations.algebra import Matrix, MatrixPolynomial, identity, series, tr, zeros
from derivations.errors import DerivationError
from derivations.forms.array_series import (
    Series,
    evaluate_on_series,
    flow_series,
    inner_product_series,
    ratio_series,
)
from derivations.linear.closed_flow import gradient_flow, layers, product_of_layers, residual_flow

TRACES: Final = {"C-NFA": ("tr(F_c G_c)", "|F_c|^2", "|G_c|^2"), "UC-NFA": ("tr(F G)", "|F|^2", "|G|^2")}
"""Numerator and squared norms of the two alignments."""
STARTS: Final = {
    **dict.fromkeys(("F_c", "G_c"), 2),
    **dict.fromkeys(TRACES["C-NFA"], 4),
    **dict.fromkeys(TRACES["UC-NFA"], 0),
}
"""The power of time at which each quantity starts."""


@dataclass(frozen=True)
class LayerFeatures:
    """NFM and AGOP of one layer, and their centered forms, as polynomials of the weights.

    Parameters
    ----------
    weights : tuple of Matrix
        All layers, the lowest first.
    change : Matrix
        The change ``dW`` of the layer since initialization.
    F, G, F_c, G_c : MatrixPolynomial
        ``W^T W``, ``W^T K W``, ``dW^T dW``, ``dW^T K dW``, with ``K = B^T B``.
    """

    weights: tuple[Matrix, ...]
    change: Matrix
    F: MatrixPolynomial
    G: MatrixPolynomial
    F_c: MatrixPolynomial
    G_c: MatrixPolynomial


def layer_features(depth: int, layer: int) -> LayerFeatures:
    """Write the features of one layer of a linear network."""
    weights = layers(depth)
    if not isinstance(layer, int) or not 1 <= layer <= depth:
        raise DerivationError(f"layer must be from 1 to {depth}, got {layer!r}")
    W, above = weights[layer - 1], weights[layer:]
    B = product_of_layers(above) if above else identity(W.rows)
    dW = Matrix("dW", *W.shape, latex=r"\Delta W")
    K = B.T * B
    return LayerFeatures(weights, dW, W.T * W, W.T * K * W, dW.T * dW, dW.T * K * dW)


def symbolic_series(depth: int, order: int, layer: int = 1) -> dict[str, tuple[Any, ...]]:
    """Expand features and the three traces of each alignment in powers of time.

    Examples
    --------
    >>> for coefficient in symbolic_series(depth=2, order=4)["tr(F_c G_c)"][4:]:
    ...     print(coefficient)
    tr((E Eᵀ W2 W2ᵀ)² W2 W2ᵀ)
    """
    expansion = Expansion(depth, layer)
    return {name: expansion.coefficients(name, order) for name in expansion.quantities}


class Expansion:
    """The quantities of one layer, and the flow along which they are expanded.

    Parameters
    ----------
    depth : int
        Number of layers.
    layer : int
        Which layer, from 1.
    """

    def __init__(self, depth: int, layer: int) -> None:
        features = layer_features(depth, layer)
        dW = features.change
        flow = residual_flow(features.weights)
        self.velocities = {**flow, dW: flow[features.weights[layer - 1]]}
        self.start = {dW: zeros(*dW.shape)}
        self.quantities: dict[str, Any] = {"F_c": features.F_c, "G_c": features.G_c}
        for alignment, (A, B) in {"C-NFA": (features.F_c, features.G_c), "UC-NFA": (features.F, features.G)}.items():
            self.quantities |= dict(zip(TRACES[alignment], (tr(A * B), tr(A * A), tr(B * B)), strict=True))

    def coefficients(self, name: str, order: int) -> tuple[Any, ...]:
        """Return the coefficients of ``t^0`` to ``t^order``."""
        return series(self.quantities[name], self.velocities, order, initial=self.start)


def alignment_series(
    weights: Sequence[Any], Sigma_xx: Any, Sigma_yx: Any, order: int, layer: int = 1
) -> dict[str, Series]:
    """Expand the alignments of a given network in powers of time, by truncated-series arithmetic on its weights."""
    features = layer_features(len(weights), layer)
    values = {each.symbol.name: value for each, value in zip(features.weights, weights, strict=True)}
    values |= {"Sigma_xx": Sigma_xx, "Sigma_yx": Sigma_yx}
    moved = flow_series(gradient_flow(features.weights), values, order + 1)
    # A change starts at order t; divided by t, its series starts at order 0 as all others do.
    moved["dW"] = moved[f"W{layer}"][1:]
    F_c, G_c, F, G = (
        evaluate_on_series(each, moved, order) for each in (features.F_c, features.G_c, features.F, features.G)
    )
    return {"F_c": F_c, "G_c": G_c, "C-NFA": _cosine(F_c, G_c), "UC-NFA": _cosine(F, G)}


def _cosine(A: Series, B: Series) -> Series:
    pairs = ((A, B), (A, A), (B, B))
    return ratio_series(*(inner_product_series(*pair) for pair in pairs))
