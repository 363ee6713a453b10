"""The C-NFA of one layer at leading order: ``tr(P S Q S) / sqrt(tr(P S P S) tr(Q S Q S))``.

``P = kappa o A`` and ``Q = kappa^2 o A`` with ``A = R R^T``, the residuals' Gram matrix (derivations ``leading_order``
and ``output_kernels``).
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.kernels.between_groups import LimitError
from nfa_theory.predict.kernels.blocks import inner
from numerics import InputError

OVER = 1e-5
"""An alignment that exceeds 1 by more than this comes from numbers that have lost their digits."""


class Traces(NamedTuple):
    """What the leading order says of ``F_c`` and ``G_c`` of one layer.

    Parameters
    ----------
    product, nfm_square, agop_square : float
        ``tr(F_c G_c)``, ``tr(F_c^2)`` and ``tr(G_c^2)``.
    nfm, agop : float
        ``tr(F_c)`` and ``tr(G_c)``; each matrix has units of its own.
    """

    product: float
    nfm_square: float
    agop_square: float
    nfm: float
    agop: float

    @classmethod
    def of(cls, PS: Shaped[Any, "n n"], QS: Shaped[Any, "n n"]) -> "Traces":
        """Take the traces."""
        sums = inner(PS, QS.T), inner(PS, PS.T), inner(QS, QS.T)
        return cls(*sums, *(float(each.trace(dtype=np.float64)) for each in (PS, QS)))

    def alignment(self, layer: int) -> float:
        """Compute the cosine of ``F_c`` and ``G_c``; `layer` is named in the error, see `cosine`."""
        return cosine(self.product, self.nfm_square, self.agop_square, layer)

    def effective_dimensions(self) -> tuple[float, float]:
        """Compute the participation ratios ``tr(M)^2 / tr(M^2)`` of ``F_c`` and of ``G_c``."""
        return self.nfm**2 / self.nfm_square, self.agop**2 / self.agop_square


def early_features(kappa: Shaped[Any, "n n"], S: Shaped[Any, "n n"], A: Shaped[Any, "n n"]) -> Traces:
    """Compute the traces of a layer from its kernels, for few samples."""
    return Traces.of((kappa * A) @ S, ((kappa @ kappa.T) * A) @ S)


def cosine(numerator: float, first: float, second: float, layer: int, *, estimated: bool = False) -> float:
    """Divide, and say so where that is impossible; parts that are `estimated` apart may give more than 1."""
    if not np.isfinite([numerator, first, second]).all():
        raise LimitError(f"kernels of layer {layer} must stay finite, got an overflow; scale inputs and labels down")
    if not (first > 0 and second > 0):
        raise InputError(
            f"the weights of layer {layer} must move at leading order, got a gradient that vanishes on these data: "
            "the alignment is undefined"
        )
    value = float(numerator / np.sqrt(first) / np.sqrt(second))
    # Cauchy and Schwarz bound it by 1; sums of n^2 rounded terms exceed that by less than a millionth, in float32 too.
    if estimated:
        return value
    if value > 1 + OVER:
        raise LimitError(
            f"kernels of layer {layer} must keep their digits, got numbers too small for them; scale inputs and labels"
        )
    return min(value, 1.0)
