"""What an optimizer is: a rule that moves parameters, given a way to ask for the loss and its gradient."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters

LossAndGradients = Callable[[Parameters], tuple[Float[Array, " s"], Parameters]]
"""Loss (shape (s,)) and new arrays of gradients at parameters of s networks, on the data of the present step."""


class Step(NamedTuple):
    """Which step is made, and how fast.

    Parameters
    ----------
    number : int
        1 for the first step of the run.
    rates : sequence of float
        Learning rate of every layer, the readout last.
    """

    number: int
    rates: Sequence[float]


class Optimizer(Protocol):
    """A rule that moves parameters in place.

    Parameters are those of s networks side by side: weights (s, fan_out, fan_in), biases (s, fan_out). They belong to
    the run, so that a step may change them in place; so may the optimizer's own state.
    """

    @property
    def full_batch(self) -> bool:
        """Whether every step uses all samples."""

    @property
    def together(self) -> bool:
        """Whether networks may be trained side by side and still get the numbers they would get alone."""

    @property
    def weight_decay(self) -> float:
        """Lambda of the penalty ``(lambda / 2) sum_l |W_l|^2``, whose gradient is part of what a step asks for."""

    @property
    def layer_rates(self) -> Sequence[float] | None:
        """Factor on the learning rate of every layer, the readout last; None for 1."""

    @property
    def sample_order(self) -> Any:
        """Rows of sample numbers in the order in which they are seen; None to draw it."""

    def check(self, net: Network) -> None:
        """Raise `InputError` unless the optimizer's settings fit the network."""

    def start(self, parameters: Parameters) -> list[Array]:
        """Return the state before the first step."""

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Make one step, in place, and return the loss before it."""


def zeros_like(parameters: Parameters) -> list[Array]:
    """Return zeros of the shapes of all weights and biases, in this order."""
    return [array_namespace(A).zeros_like(A) for A in (*parameters.weights, *parameters.biases)]


def in_pairs(parameters: Parameters, gradients: Parameters, rates: Sequence[float]) -> list[tuple[Array, Array, float]]:
    """Return (array, its gradient, its layer's learning rate) for all weights, then all biases."""
    weights = zip(parameters.weights, gradients.weights, rates, strict=True)
    biases = zip(parameters.biases, gradients.biases, rates if parameters.biases else (), strict=True)
    return [*weights, *biases]
