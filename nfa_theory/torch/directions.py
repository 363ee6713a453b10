"""The directions of its inputs that a layer looks at, as kernels or images."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nfa_theory.torch.weights import Form
from numerics.errors import InputError


class Directions(NamedTuple):
    """Leading eigenvectors of a layer's NFM or AGOP.

    Parameters
    ----------
    values : Tensor, shape (k,)
        Eigenvalues, largest first.
    vectors : Tensor, shape (k, ...)
        Unit vectors in the shape of what the layer multiplies: (channels, height, width) for a convolution.
    """

    values: Tensor
    vectors: Tensor


def top_directions(layer: nn.Module | Tensor, k: int, ptf_covariance: Tensor | None = None) -> Directions:
    """Return the leading eigenvectors of the NFM ``W^T W`` of a layer, or of its AGOP ``W^T K W``.

    Parameters
    ----------
    layer : Module or Tensor
        A layer with a ``weight`` whose first axis counts units, or such a weight (or its change).
    k : int
        How many; at most as many as the matrix has rank.
    ptf_covariance : Tensor, shape (units, units), optional
        K, from `ptf_covariances`: then directions are those of the AGOP.

    Returns
    -------
    Directions
        Signs are such that the largest entry of every direction is positive.

    Raises
    ------
    InputError
        If the layer has no such weight or numbers do not fit.

    Notes
    -----
    From the Gram matrix of the units, or of the inputs where they are fewer: no m x m matrix is formed for large m.

    Examples
    --------
    >>> import torch
    >>> directions = top_directions(torch.nn.Conv2d(3, 8, 5), k=2)
    >>> tuple(directions.vectors.shape)
    (2, 3, 5, 5)
    """
    weight = layer if isinstance(layer, Tensor) else getattr(layer, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim < 2:
        raise InputError(f"layer must have a weight with at least two axes, got {type(layer).__name__}")
    if getattr(layer, "groups", 1) != 1:
        raise InputError(f"layer must not be a grouped convolution, got {layer.groups} groups")
    lookup = isinstance(layer, nn.Embedding | nn.EmbeddingBag)
    W = Form("columns" if lookup else "rows").matrix(weight.detach()).double()
    shape = (weight.shape[0],) if lookup else tuple(weight.shape[1:])
    if ptf_covariance is not None:
        if tuple(ptf_covariance.shape) != (W.shape[0], W.shape[0]):
            raise InputError(
                f"ptf_covariance must have shape {(W.shape[0], W.shape[0])}, got {tuple(ptf_covariance.shape)}"
            )
        values, vectors = torch.linalg.eigh(ptf_covariance.detach().to(W))
        W = (vectors * values.clamp(min=0).sqrt()).T @ W
    if not 1 <= k <= min(W.shape):
        raise InputError(f"k must be in 1..{min(W.shape)}, got {k}")
    if W.shape[1] <= W.shape[0]:
        values, vectors = torch.linalg.eigh(W.T @ W)
        rows = vectors.T.flip(0)[:k]
    else:
        values, units = torch.linalg.eigh(W @ W.T)
        rows = units.T.flip(0)[:k] @ W
        rows = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp(min=torch.finfo(W.dtype).tiny)
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    rows = rows * torch.where(largest < 0, -1.0, 1.0)
    return Directions(values.flip(0)[:k].clamp(min=0), rows.reshape(k, *shape))
