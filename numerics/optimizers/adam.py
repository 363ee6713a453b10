"""Adam and AdamW, for comparison."""

from dataclasses import dataclass

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import require_real
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step, in_pairs, zeros_like
from numerics.optimizers.settings import CommonSettings


@dataclass(frozen=True)
class Adam(CommonSettings):
    """Adam with bias correction (Kingma and Ba, arXiv 1412.6980), epsilon outside the root.

    Parameters
    ----------
    first_decay, second_decay : float
        Decay of the averages of the gradient and of its square, from 0 and below 1.
    epsilon : float
        Added to the root of the average square; positive, so that a zero gradient means no move.
    weight_decay, layer_rates
        As in `CommonSettings`; the penalty's gradient is averaged with that of the loss.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    first_decay: float = 0.9
    second_decay: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("first_decay", "second_decay"):
            require_real(name, getattr(self, name), least=0, below=1)
        require_real("epsilon", self.epsilon, above=0)

    def start(self, parameters: Parameters) -> list[Array]:
        """Return zero averages, those of the gradients before those of their squares."""
        return zeros_like(parameters) + zeros_like(parameters)

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""
        values, gradients = loss_and_gradients(parameters)
        beta, gamma = self.first_decay, self.second_decay
        first_bias, second_bias = 1 - beta**step.number, 1 - gamma**step.number
        half = len(state) // 2
        triples = in_pairs(parameters, gradients, step.rates)
        for m, v, (W, gradient, rate) in zip(state[:half], state[half:], triples, strict=True):
            m *= beta
            m += (1 - beta) * gradient
            v *= gamma
            v += (1 - gamma) * gradient**2
            W -= (rate / first_bias) * m / (array_namespace(v).sqrt(v) * second_bias**-0.5 + self.epsilon)
        return values

    def __str__(self) -> str:
        return f"adam:{self.first_decay:g}:{self.second_decay:g}"


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weights decay by themselves: ``W <- (1 - eta lambda) W`` before each step, and no penalty.

    Parameters
    ----------
    decoupled_decay : float
        Lambda, from 0; of weights, not of biases.
    first_decay, second_decay, epsilon, weight_decay, layer_rates
        As in `Adam`; `weight_decay` is that of the penalty and 0 by default.

    Raises
    ------
    InputError
        If a number is out of range.

    Notes
    -----
    As PyTorch's ``AdamW`` does it, which names Decoupled Weight Decay Regularization (arXiv 1711.05101) as its source.
    """

    decoupled_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        require_real("decoupled_decay", self.decoupled_decay, least=0)

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""

        def shrunk(now: Parameters) -> tuple[Float[Array, " s"], Parameters]:
            found = loss_and_gradients(now)
            for W, rate in zip(now.weights, step.rates, strict=True):
                W *= 1 - rate * self.decoupled_decay
            return found

        return super().advance(shrunk, parameters, state, step)

    def __str__(self) -> str:
        return f"adamw:{self.first_decay:g}:{self.second_decay:g}:{self.decoupled_decay:g}"
