"""The C-NFA of one layer at leading order: ``tr(P S Q S) / sqrt(tr(P S P S) tr(Q S Q S))``.

``P = kappa o A`` and ``Q = kappa^2 o A`` with ``A = R R^T``, the residuals' Gram matrix (derivations ``leading_order``
and ``output_kernels``).
"""

from typing import Any, NamedTuple

import numpy as np

from nfa_theory.predict.kernels.blocks import inner
from numerics import InputError


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
    def of(cls, PS: Any, QS: Any) -> "Traces":
        """Take the traces.

        Parameters
        ----------
        PS, QS : (n, n) array
            ``P S`` and ``Q S``, or ``F_c`` and ``G_c`` themselves.

        Returns
        -------
        Traces
            Summed in float64.
        """
        sums = inner(PS, QS.T), inner(PS, PS.T), inner(QS, QS.T)
        return cls(*sums, *(float(each.trace(dtype=np.float64)) for each in (PS, QS)))

    def alignment(self, layer: int) -> float:
        """Compute the cosine of ``F_c`` and ``G_c``; `layer` is named in the error, see `cosine`."""
        return cosine(self.product, self.nfm_square, self.agop_square, layer)

    def effective_dimensions(self) -> tuple[float, float]:
        """Compute the participation ratios ``tr(M)^2 / tr(M^2)`` of ``F_c`` and of ``G_c``."""
        return self.nfm**2 / self.nfm_square, self.agop**2 / self.agop_square


def early_features(kappa: Any, S: Any, A: Any) -> Traces:
    """Compute the traces of a layer from its kernels, for few samples.

    Parameters
    ----------
    kappa : (n, n) array
        Tangent kernel of the pre-activations, in any units.
    S : (n, n) array
        Gram matrix of the layer's inputs, in any units.
    A : (n, n) array
        Gram matrix of the residuals over outputs.

    Returns
    -------
    Traces
        Of the layer.
    """
    return Traces.of((kappa * A) @ S, ((kappa @ kappa.T) * A) @ S)


def cosine(numerator: float, first: float, second: float, layer: int) -> float:
    """Divide, and say so where that is impossible.

    Parameters
    ----------
    numerator, first, second : float
        ``tr(P S Q S)``, ``tr(P S P S)`` and ``tr(Q S Q S)``.
    layer : int
        Named in the error.

    Returns
    -------
    float
        The alignment.

    Raises
    ------
    InputError
        A denominator vanishes or is not finite.
    """
    if not np.isfinite([numerator, first, second]).all():
        raise InputError(f"the kernels of layer {layer} must stay finite, got an overflow; scale the inputs down")
    if not (first > 0 and second > 0):
        raise InputError(
            f"the weights of layer {layer} must move at leading order, got a gradient that vanishes on these data: "
            "the alignment is undefined"
        )
    return float(numerator / np.sqrt(first) / np.sqrt(second))
