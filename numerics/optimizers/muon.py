"""Muon: every weight matrix moves along the polar factor of its averaged gradient."""

from dataclasses import dataclass
from typing import Final

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import one_of, require_integer, require_real
from numerics.errors import InputError
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step, in_pairs, zeros_like
from numerics.optimizers.settings import CommonSettings

METHODS: Final = ("exact", "newton_schulz")
QUINTIC: Final = (3.4445, -4.7750, 2.0315)
"""Coefficients of the iteration in the public code: singular values end between about .7 and 1.2, not at 1."""


@dataclass(frozen=True)
class Muon(CommonSettings):
    """``m <- mu m + (1 - mu) grad``, ``W <- W - eta U V^T`` with ``U s V^T`` the decomposition of ``m``.

    A matrix of the layer's weights, the readout's included, and its bias as a matrix of one column. In practice readout
    and biases often go with AdamW; `layer_rates` can slow the readout down. The public code multiplies the step by
    ``sqrt(max(1, fan_out / fan_in))``; here that factor belongs to `layer_rates`.

    Parameters
    ----------
    decay : float
        The factor mu, from 0 (no momentum) and below 1.
    nesterov : bool
        If true, the matrix that is decomposed is ``(1 - mu) grad + mu m`` with the new m.
    method : {"exact", "newton_schulz"}
        The polar factor by singular value decomposition, or five steps of the quintic iteration of the public code,
        which leaves singular values between about .7 and 1.2 where they are not small.
    rank : int, optional
        Keep so many leading singular directions; by default all whose singular values are above rounding.
        For ``"exact"`` only.
    weight_decay, layer_rates
        As in `CommonSettings`.

    Raises
    ------
    InputError
        If a setting is out of range, or `rank` is given for ``"newton_schulz"``.

    Notes
    -----
    After the public code of Keller Jordan, https://github.com/KellerJordan/Muon (``muon.py``).
    """

    decay: float = 0.95
    nesterov: bool = True
    method: str = METHODS[0]
    rank: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_real("momentum", self.decay, least=0, below=1)
        one_of("method", self.method, METHODS)
        if self.rank is not None:
            require_integer("rank", self.rank, 1)
            if self.method != METHODS[0]:
                raise InputError(f"rank is for the exact polar factor, got rank={self.rank} with {self.method}")

    def start(self, parameters: Parameters) -> list[Array]:
        """Return zero averages, or nothing where none is kept."""
        return zeros_like(parameters) if self.decay else []

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        for i, (W, gradient, rate) in enumerate(in_pairs(parameters, gradients, step.rates)):
            along = gradient
            if self.decay:
                m = state[i]
                m *= self.decay
                m += (1 - self.decay) * gradient
                along = (1 - self.decay) * gradient + self.decay * m if self.nesterov else m
            W -= rate * self._direction(along)
        return values

    def _direction(self, A: Float[Array, "s ..."]) -> Float[Array, "s ..."]:
        xp = array_namespace(A)
        matrices = A if A.ndim == 3 else A[:, :, None]
        found = polar_factor(matrices, self.rank) if self.method == METHODS[0] else newton_schulz(matrices)
        return xp.reshape(found, A.shape)

    def __str__(self) -> str:
        kind = ":".join([*(["nesterov"] if self.nesterov else []), self.method])
        return f"muon:{self.decay:g}:{kind}" + ("" if self.rank is None else f":{self.rank}")


def polar_factor(A: Float[Array, "s k m"], rank: int | None = None) -> Float[Array, "s k m"]:
    """Return ``U V^T`` of each matrix, from singular values above rounding and, if so asked, only the leading ones."""
    xp = array_namespace(A)
    U, values, Vt = xp.linalg.svd(A, full_matrices=False)
    largest = values[:, :1]
    kept = values > largest * (max(A.shape[1:]) * float(xp.finfo(A.dtype).eps))
    if rank is not None:
        kept = xp.logical_and(kept, (xp.arange(values.shape[1]) < rank)[None, :])
    return (U * xp.astype(kept, A.dtype)[:, None, :]) @ Vt


def newton_schulz(A: Float[Array, "s k m"], steps: int = 5) -> Float[Array, "s k m"]:
    """Return what the iteration of the public code makes of each matrix; zero stays zero."""
    xp = array_namespace(A)
    if A.shape[1] > A.shape[2]:
        return xp.matrix_transpose(newton_schulz(xp.matrix_transpose(A), steps))
    a, b, c = QUINTIC
    # First by the largest entry: the squares of tiny gradients would underflow.
    largest = xp.max(xp.abs(A), axis=(1, 2), keepdims=True)
    X = A / xp.where(largest > 0, largest, xp.ones_like(largest))
    norm = xp.sqrt(xp.sum(X * X, axis=(1, 2), keepdims=True))
    X = X / xp.where(norm > 0, norm, xp.ones_like(norm))
    for _ in range(steps):
        S = X @ xp.matrix_transpose(X)
        X = a * X + (b * S + c * (S @ S)) @ X
    return X
