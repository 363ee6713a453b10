"""Gradient descent, on batches or on all samples, with and without momentum."""

from dataclasses import dataclass

from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import require_real
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step, in_pairs, zeros_like
from numerics.optimizers.settings import CommonSettings


@dataclass(frozen=True)
class Descent(CommonSettings):
    """Gradient descent, ``W <- W - eta grad``.

    Parameters
    ----------
    full_batch : bool
        If true every step uses all samples (GD), else a batch of them (SGD).
    weight_decay, layer_rates
        As in `CommonSettings`.
    """

    full_batch: bool = False  # type: ignore[misc]  # a setting of this rule alone

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        for W, gradient, rate in in_pairs(parameters, gradients, step.rates):
            gradient *= rate
            W -= gradient
        return values

    def __str__(self) -> str:
        return "gd" if self.full_batch else "sgd"


@dataclass(frozen=True)
class Momentum(CommonSettings):
    """Heavy-ball momentum as PyTorch has it: ``v <- mu v + grad``, ``W <- W - eta v``.

    Parameters
    ----------
    decay : float
        The factor mu, from 0 and below 1.
    nesterov : bool
        If true the step is ``grad + mu v`` with the new v.
    weight_decay, layer_rates
        As in `CommonSettings`.

    Raises
    ------
    InputError
        If the factor is out of range.
    """

    decay: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_real("momentum", self.decay, least=0, below=1)

    def start(self, parameters: Parameters) -> list[Array]:
        """Return zero velocities."""
        return zeros_like(parameters)

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        for v, (W, gradient, rate) in zip(state, in_pairs(parameters, gradients, step.rates), strict=True):
            v *= self.decay
            v += gradient
            W -= rate * (gradient + self.decay * v if self.nesterov else v)
        return values

    def __str__(self) -> str:
        return f"momentum:{self.decay:g}" + (":nesterov" if self.nesterov else "")
