"""Sign descent: every weight moves by the same length, whatever its gradient."""

from dataclasses import dataclass

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import require_real
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step, in_pairs, zeros_like
from numerics.optimizers.settings import CommonSettings


@dataclass(frozen=True)
class SignDescent(CommonSettings):
    """``m <- mu m + (1 - mu) grad``, ``W <- W - eta sign(m)``; without momentum it is Adam's first step.

    A weight whose gradient is exactly zero does not move.

    Parameters
    ----------
    decay : float
        The factor mu, from 0 (no momentum) and below 1.
    weight_decay, layer_rates
        As in `CommonSettings`.

    Raises
    ------
    InputError
        If the factor is out of range.

    Notes
    -----
    signSGD, and Signum with momentum: Bernstein, Wang, Azizzadenesheli and Anandkumar (arXiv 1802.04434).
    """

    decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_real("momentum", self.decay, least=0, below=1)

    def start(self, parameters: Parameters) -> list[Array]:
        """Return zero averages, or nothing where none is kept."""
        return zeros_like(parameters) if self.decay else []

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        pairs = in_pairs(parameters, gradients, step.rates)
        for m, (_, gradient, _) in zip(state, pairs, strict=False):  # no state, no momentum
            m *= self.decay
            m += (1 - self.decay) * gradient
        for m, (W, _, rate) in zip(state or [gradient for _, gradient, _ in pairs], pairs, strict=True):
            W -= rate * array_namespace(m).sign(m)
        return values

    def __str__(self) -> str:
        return f"sign:{self.decay:g}"
