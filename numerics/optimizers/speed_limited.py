"""Speed-limited optimization, SLO: every layer moves by a length of its own, whatever its gradient's length."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.errors import InputError
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step
from numerics.optimizers.settings import CommonSettings, require_one_per_layer


@dataclass(frozen=True)
class SpeedLimited(CommonSettings):
    """``W_l <- W_l - eta C_l grad_l / |grad_l|`` for every layer, Frobenius norms.

    A layer's weights and its bias count as one vector. Where the gradient of a layer is exactly zero (all its ReLU off,
    or the data fitted), the rule reads 0/0 and the layer does not move.

    Parameters
    ----------
    speeds : sequence of float
        `C` of every layer, the readout last; not negative, not all zero. A layer of speed 0 stays where it is.
    weight_decay, layer_rates
        As in `CommonSettings`; a rate of a layer multiplies its speed.

    Raises
    ------
    InputError
        If a speed is negative or not finite, or all are zero.

    Notes
    -----
    The rule is that of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271).
    """

    speeds: Sequence[float]

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            values = tuple(float(speed) for speed in self.speeds)
        except (TypeError, ValueError):
            raise InputError(f"speeds must be one number per layer, got {self.speeds!r}") from None
        if not values or not all(math.isfinite(speed) and speed >= 0 for speed in values) or not any(values):
            raise InputError(f"speeds must be finite numbers from 0, not all of them 0, got {list(values)}")
        object.__setattr__(self, "speeds", values)

    def check(self, net: Network) -> None:
        """Raise `InputError` unless there is one speed for each layer of the network, the readout included."""
        super().check(net)
        require_one_per_layer("speeds", self.speeds, net)

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        for layer, (speed, rate) in enumerate(zip(self.speeds, step.rates, strict=True)):
            arrays = [group[layer] for group in parameters if group]
            directions = unit_vectors([group[layer] for group in gradients if group])
            for W, direction in zip(arrays, directions, strict=True):
                direction *= rate * speed
                W -= direction
        return values

    def __str__(self) -> str:
        return "slo:" + ",".join(f"{speed:g}" for speed in self.speeds)


def favor_layer(net: Network, layer: int, others: float = 0.01) -> SpeedLimited:
    """Return the SLO that moves one layer at speed 1 and all others slowly.

    Parameters
    ----------
    net : MLP or ConvNet
        The network.
    layer : int
        The chosen layer, 1, ..., depth + 1.
    others : float
        Speed of the other layers; 0 freezes them.

    Returns
    -------
    SpeedLimited

    Examples
    --------
    >>> from numerics import MLP
    >>> favor_layer(MLP((3, 4, 4, 1)), layer=2, others=0.1).speeds
    (0.1, 1.0, 0.1)
    """
    net.check_layer(layer)
    return SpeedLimited([1.0 if at == layer else others for at in range(1, net.depth + 2)])


def unit_vectors(arrays: list[Float[Array, "s ..."]]) -> list[Float[Array, "s ..."]]:
    """Scale arrays of s networks so that together they have norm 1 in each; zero stays zero."""
    xp = array_namespace(arrays[0])
    # First by the largest entry: squares of tiny gradients would underflow, and a layer would stop for no reason.
    largest = [xp.max(xp.abs(xp.reshape(A, (A.shape[0], -1))), axis=1) for A in arrays]
    arrays = _divide(arrays, largest[0] if len(largest) == 1 else xp.maximum(*largest))
    squares: Any = sum(xp.sum(xp.reshape(A, (A.shape[0], -1)) ** 2, axis=1) for A in arrays)
    return _divide(arrays, xp.sqrt(squares))


def _divide(arrays: list[Array], by: Array) -> list[Array]:
    xp = array_namespace(by)
    divisor = xp.where(by > 0, by, xp.ones_like(by))
    return [A / xp.reshape(divisor, (-1,) + (1,) * (A.ndim - 1)) for A in arrays]
