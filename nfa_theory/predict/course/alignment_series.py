"""UC-NFA and C-NFA of a layer in powers of time, from its weights and its PTF covariance."""

from typing import Any

import numpy as np

from derivations.forms.array_series import inner_product_series, multiply_series, ratio_series
from nfa_theory.predict.course.activation_series import Series
from numerics import InputError


def alignment(V: Series, K: Series, layer: int) -> Any:
    """Expand ``rho(V^T V, V^T K V)`` in powers of time."""
    order = len(V) - 1
    K = _scaled(K, abs(K[0]).max())
    V = _scaled(V, abs(V[0]).max())
    if V[0].shape[1] < V[0].shape[0]:  # the smaller of the layer's two spaces
        transposed = [each.T for each in V]
        F = multiply_series(transposed, V, order)
        G = multiply_series(transposed, multiply_series(K, V, order), order)
        traces = inner_product_series(F, G), inner_product_series(F, F), inner_product_series(G, G)
    else:
        C = multiply_series(V, [each.T for each in V], order)
        CK = multiply_series(C, K, order)
        flipped = [each.T for each in CK]
        traces = inner_product_series(CK, C), inner_product_series(C, C), inner_product_series(CK, flipped)
    if not np.isfinite(traces).all():
        raise InputError(f"the series of layer {layer} must stay finite, got an overflow; scale the inputs down")
    if not min(traces[1][0], traces[2][0]) > 0:
        raise InputError(
            f"the weights of layer {layer} must move at leading order, got a gradient that vanishes on these data: "
            "the alignment is undefined"
        )
    return np.array(ratio_series(*traces))


def _scaled(series: Series, unit: float) -> Series:
    return [each / unit for each in series] if unit > 0 else series
