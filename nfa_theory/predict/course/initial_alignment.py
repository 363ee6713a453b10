"""The UC-NFA at initialization in closed form: weights that are independent of the tangent features above them."""

from functools import cache
from typing import Any

import numpy as np
import sympy
from jaxtyping import Shaped

from derivations.registry import get_derivation


def initial_uc_nfa(K: Shaped[Any, "k k"], fan_in: int, fan_out: int | None = None) -> float:
    """Compute the UC-NFA of a layer with Gaussian weights from its PTF covariance, or from a narrowed one.

    Examples
    --------
    >>> initial_uc_nfa(np.eye(4), 3)
    1.0
    """
    return float(_claim()(np.trace(K), np.sum(K * K.T), len(K) if fan_out is None else fan_out, fan_in))


@cache
def _claim() -> Any:
    value: Any = get_derivation("identities.initial_uc_nfa").closed_form["value"]
    symbols = {each.name: each for each in value.free_symbols}
    return sympy.lambdify([symbols[name] for name in ("tr_K", "tr_K2", "k", "m")], value, "numpy")
