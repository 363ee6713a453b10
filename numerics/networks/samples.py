"""Samples and labels for training, checked once: what cannot be learned from is refused with a reason."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array, as_floating, require_finite, to_host
from numerics.errors import InputError
from numerics.networks.mlp import MLP
from numerics.networks.network import Network


@dataclass(frozen=True)
class Samples:
    """Inputs and labels that fit a network.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs, finite.
    Y : array, shape (n, c)
        Labels, finite, of the dtype of `X`.
    classification : bool
        Whether every row of `Y` marks one class: `Y` has two values, and the greater one once in each row.
    """

    X: Float[Array, "n d"]
    Y: Float[Array, "n c"]
    classification: bool

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.X.shape[0])

    def fingerprint(self) -> str:
        """Return a SHA-256 of the values, by which a record knows its data."""
        digest = hashlib.sha256()
        for array in (self.X, self.Y):
            digest.update(np.ascontiguousarray(to_host(array)).data)  # no copy of the data
        return digest.hexdigest()


def check_samples(X: Any, Y: Any, net: Network, *, name: str = "") -> Samples:
    """Check inputs and labels against each other and against a network; `name` is a prefix in messages, ``"test "``."""
    X, Y = as_floating(f"{name}X", X), as_floating(f"{name}Y", Y)
    xp = array_namespace(X, Y)
    if Y.ndim == 1:
        Y = Y[:, None]
    if X.ndim != 2 or Y.ndim != 2 or X.shape[0] != Y.shape[0]:
        raise InputError(
            f"{name}X and {name}Y must have shapes (n, d) and (n, c) with one n, "
            f"got {tuple(X.shape)} and {tuple(Y.shape)}"
        )
    if X.shape[1] != net.inputs or Y.shape[1] != net.outputs:
        of = f"of widths {net.widths}" if isinstance(net, MLP) else f"for images {net.image}"
        raise InputError(
            f"a network {of} needs {name}X (n, {net.inputs}) and {name}Y (n, {net.outputs}), "
            f"got {tuple(X.shape)} and {tuple(Y.shape)}"
        )
    if X.shape[0] < 1:
        raise InputError(f"{name}X must have at least one sample, got none")
    require_finite(f"{name}X", X)
    require_finite(f"{name}Y", Y)
    Y = xp.astype(Y, X.dtype)
    return Samples(X, Y, _marks_classes(Y))


def require_learnable(samples: Samples) -> None:
    """Refuse training data on which no alignment is defined."""
    xp = array_namespace(samples.X)
    if samples.n < 2:
        raise InputError(f"training needs at least 2 samples, got {samples.n}")
    if bool(xp.all(samples.Y[:1, ...] == samples.Y)):
        row = to_host(samples.Y[0, ...]).tolist()
        shown = row[0] if len(row) == 1 else f"a row of {len(row)} values"
        raise InputError(
            f"labels must not be constant (no feature explains them and the alignment is undefined), got {shown} "
            f"for all {samples.n} samples"
        )
    if not bool(xp.any(samples.X != 0)):
        raise InputError(f"X must not be zero everywhere, got {samples.n} zero rows")


def _marks_classes(Y: Array) -> bool:
    xp = array_namespace(Y)
    if Y.shape[1] < 2:
        return False
    top, low = xp.max(Y), xp.min(Y)
    one_top = xp.all(xp.sum(xp.astype(Y == top, xp.int32), axis=1) == 1)
    rest_low = xp.all((Y == top) | (Y == low))
    return bool(one_top) and bool(rest_low)
