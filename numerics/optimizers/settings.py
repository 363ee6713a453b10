"""What every optimizer can be told, whatever its rule."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numerics.backend.arrays import Array
from numerics.checks import require_real
from numerics.errors import InputError
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """Settings that all optimizers share, by keyword.

    Parameters
    ----------
    weight_decay : float
        Lambda of the penalty ``(lambda / 2) sum_l |W_l|^2`` on the raw weights, not on biases; its gradient joins that
        of the loss, and the recorded loss is without it.
    layer_rates : sequence of float, optional
        Factor from 0 on the learning rate of every layer, the readout last; by default 1.
    sample_order : array_like of int, optional
        Take the samples in this order instead of drawing one: rows of sample numbers, each cut into batches, see
        `numerics.training.sampling.given_batches`; with three axes the first one is the seed.

    Raises
    ------
    InputError
        If a number is negative or not finite.
    """

    weight_decay: float = 0.0
    layer_rates: Sequence[float] | None = None
    sample_order: Any = field(default=None, repr=False, compare=False)
    full_batch: ClassVar[bool] = False
    together: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight_decay", require_real("weight_decay", self.weight_decay, least=0))
        if self.layer_rates is not None:
            factors = tuple(require_real("layer_rates", factor, least=0) for factor in self.layer_rates)
            object.__setattr__(self, "layer_rates", factors)

    def check(self, net: Network) -> None:
        """Raise `InputError` unless the settings fit the network."""
        require_one_per_layer("layer_rates", self.layer_rates, net)

    def start(self, parameters: Parameters) -> list[Array]:
        """Return the state before the first step: none, for a rule that remembers nothing."""
        return []


def require_one_per_layer(name: str, numbers: Sequence[float] | None, net: Network) -> None:
    """Refuse anything but one number for each layer of the network, the readout included."""
    if numbers is not None and len(numbers) != net.depth + 1:
        raise InputError(
            f"{name} must have one number per layer ({net.depth + 1} with the readout), got {len(numbers)}"
        )
