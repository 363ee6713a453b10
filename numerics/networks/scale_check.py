"""Do these weights belong to this parametrization? What can be compared is their scale, and that is said."""

import math
from typing import Any

import numpy as np

from numerics.backend.arrays import to_host
from numerics.data.notes import note
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.networks.parametrizations import PARAMETRIZATIONS, canonical_parametrization, layer_scaling

OFF = 3.0
"""Entries of weights that are this many times larger or smaller than a parametrization starts them are not of it:
training seldom changes the norm of a wide layer by so much, and NTK and PyTorch differ by the root of 3 fan-in."""
LEAST_FAN_IN = 8
"""With fewer inputs the scales of two parametrizations are too close to tell them apart."""


def note_foreign_scale(net: Network, parameters: Parameters) -> str | None:
    """Note weights whose scale is that of another parametrization than the network's.

    Examples
    --------
    >>> from numerics import MLP
    >>> net = MLP((100, 50, 1), parametrization="pytorch")
    >>> note_foreign_scale(net, net.initialize(np.random.default_rng(0))) is None
    True
    """
    found = _deviation(net, parameters, net.parametrization)
    if found is None or found < math.log(OFF):
        return None
    others = {
        name: _deviation(net, parameters, name)
        for name in dict.fromkeys(map(canonical_parametrization, PARAMETRIZATIONS))
    }
    fitting = min(others, key=lambda name: others[name] or 0.0)
    text = (
        f"the entries of the weights are {math.exp(found):.3g} times larger or smaller than the parametrization "
        f"{net.parametrization!r} starts them"
    )
    if (others[fitting] or 0.0) < math.log(OFF):
        text += f", and of the size that {fitting!r} does; MLP(..., parametrization={fitting!r}) measures them as such"
    note(text)
    return text


def _deviation(net: Network, parameters: Parameters, parametrization: str) -> float | None:
    """Return the median over layers of ``|log(rms of W / its initial deviation)|``; None if no layer is wide enough."""
    ratios = []
    for layer, W in enumerate(parameters.weights, start=1):
        fan_in = net.weight_shapes[layer - 1][1]
        last = layer == net.depth + 1
        scale: Any = layer_scaling(parametrization, fan_in, net.hidden_units[-1], readout=last).weight_std
        rms = float(np.sqrt(np.mean(np.square(np.asarray(to_host(W), dtype=np.float64)))))
        if fan_in >= LEAST_FAN_IN and rms > 0 and math.isfinite(rms):
            ratios.append(abs(math.log(rms / scale)))
    return float(np.median(ratios)) if ratios else None
