"""Parametrizations: how a layer is scaled, how large its entries start, how fast it learns.

The effective weight of a layer is ``multiplier * W``. With fan-in m and k the width of the last hidden layer:

===============  ==========================  =====================  =============
name             multiplier                  std of an entry of W   learning rate
===============  ==========================  =====================  =============
ntk              m^-1/2                      1                      1
he (standard)    1                           (2/m)^1/2              1
lecun            1                           m^-1/2                 1
pytorch          1                           (3m)^-1/2 (uniform)    1
mup, mean_field  m^-1/2, readout m^-1        1                      k
===============  ==========================  =====================  =============

The last row is muP in the abc-form of Yang and Hu (arXiv 2011.14522), rewritten with unit entries by their shift
symmetry; for one hidden layer it is the mean-field scaling, with the time unit in which weights move at order one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from numerics.checks import one_of


@dataclass(frozen=True)
class LayerScaling:
    """The scaling of one layer.

    Parameters
    ----------
    multiplier : float
        The effective weight is ``multiplier * W``.
    weight_std : float
        Standard deviation of an entry of ``W`` at initialization.
    bias_std : float
        Standard deviation of an entry of the bias, unless the network says otherwise.
    learning_rate_scale : float
        Factor on the learning rate of this layer.
    """

    multiplier: float
    weight_std: float
    bias_std: float = 0.0
    learning_rate_scale: float = 1.0


Scaling = Callable[[int, int, bool], LayerScaling]


def _mup(fan_in: int, width: int, readout: bool) -> LayerScaling:
    return LayerScaling(fan_in ** (-1.0 if readout else -0.5), 1.0, learning_rate_scale=float(width))


_SCALINGS: dict[str, Scaling] = {
    "ntk": lambda m, _width, _readout: LayerScaling(m**-0.5, 1.0),
    "he": lambda m, _width, _readout: LayerScaling(1.0, math.sqrt(2 / m)),
    "lecun": lambda m, _width, _readout: LayerScaling(1.0, m**-0.5),
    "pytorch": lambda m, _width, _readout: LayerScaling(1.0, (3 * m) ** -0.5, bias_std=(3 * m) ** -0.5),
    "mup": _mup,
}
_ALIASES = {"standard": "he", "mean_field": "mup"}

PARAMETRIZATIONS = (*_SCALINGS, *_ALIASES)
"""The names of all parametrizations; ``"standard"`` is He's, ``"mean_field"`` is muP."""


def canonical_parametrization(name: str) -> str:
    """Return the canonical name of a parametrization: ``"he"`` for ``"standard"``, ``"mup"`` for ``"mean_field"``."""
    one_of("parametrization", name, PARAMETRIZATIONS)
    return _ALIASES.get(name, name)


def layer_scaling(parametrization: str, fan_in: int, width: int, *, readout: bool) -> LayerScaling:
    """Return the scaling of a layer.

    Examples
    --------
    >>> layer_scaling("ntk", 4, 8, readout=False)
    LayerScaling(multiplier=0.5, weight_std=1.0, bias_std=0.0, learning_rate_scale=1.0)
    """
    return _SCALINGS[canonical_parametrization(parametrization)](fan_in, width, readout)
