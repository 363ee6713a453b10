"""Optimizers by name, with a number after a colon where they need one."""

from collections.abc import Callable
from typing import Any

from numerics.checks import one_of
from numerics.errors import InputError
from numerics.networks.network import Network
from numerics.optimizers.adam import Adam, AdamW
from numerics.optimizers.base import Optimizer
from numerics.optimizers.descent import Descent, Momentum
from numerics.optimizers.gradient_flow import GradientFlow
from numerics.optimizers.muon import Muon
from numerics.optimizers.sign_descent import SignDescent
from numerics.optimizers.speed_limited import favor_layer

_BY_NAME: dict[str, Callable[[], Optimizer]] = {
    "sgd": Descent,
    "gd": lambda: Descent(full_batch=True),
    "momentum": Momentum,
    "adam": Adam,
    "adamw": AdamW,
    "sign": SignDescent,
    "muon": Muon,
    "flow": GradientFlow,
}
OPTIMIZERS = (*_BY_NAME, "slo")
"""The names of all optimizers."""
_WITH_NUMBER: dict[str, tuple[str, Callable[[float], Optimizer]]] = {
    "momentum": ("momentum", Momentum),
    "adamw": ("decoupled_decay", lambda decay: AdamW(decoupled_decay=decay)),
    "sign": ("momentum", SignDescent),
    "muon": ("momentum", Muon),
}
"""Which number a name may be followed by."""


def find_optimizer(optimizer: Any, net: Network) -> Optimizer:
    """Return an optimizer from its name, and check that it fits the network.

    Parameters
    ----------
    optimizer : str or Optimizer
        ``"sgd"``, ``"gd"`` (all samples at each step), ``"momentum"`` or ``"momentum:0.9"``, ``"adam"``,
        ``"adamw"`` or ``"adamw:0.01"`` (its decay), ``"sign"`` or ``"sign:0.9"`` (its momentum), ``"muon"`` or
        ``"muon:0.95"`` (its momentum), ``"flow"`` (gradient flow, integrated), ``"slo:3"`` (speed-limited, layer 3
        favored); an optimizer is returned as it is.
    net : MLP or ConvNet
        The network.

    Returns
    -------
    Optimizer

    Raises
    ------
    InputError
        If there is no such optimizer, or it does not fit the network.

    Examples
    --------
    >>> from numerics import MLP
    >>> str(find_optimizer("slo:1", MLP((3, 4, 1))))
    'slo:1,0.01'
    """
    found = _read(optimizer, net) if isinstance(optimizer, str) else optimizer
    if not callable(getattr(found, "advance", None)):
        raise InputError(f"optimizer must be a name or an optimizer, got {optimizer!r}")
    found.check(net)
    checked: Optimizer = found
    return checked


def _read(text: str, net: Network) -> Optimizer:
    name, colon, argument = text.partition(":")
    one_of("optimizer", name, OPTIMIZERS)
    if name == "slo":
        if not argument.isdecimal():
            raise InputError(f"optimizer slo needs the favored layer, as in 'slo:1', got {text!r}")
        return favor_layer(net, int(argument))
    if not colon:
        return _BY_NAME[name]()
    if name not in _WITH_NUMBER:
        raise InputError(f"optimizer {name} takes no number, got {text!r}")
    meaning, make = _WITH_NUMBER[name]
    try:
        number = float(argument)
    except ValueError:
        raise InputError(f"{meaning} must be a finite number, got {argument!r}") from None
    return make(number)
