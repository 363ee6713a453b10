"""Gradient flow by SciPy's adaptive integrators: the reference that expansions in time are held against."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from numerics.backend.arrays import Array, like, to_host
from numerics.checks import one_of, require_real
from numerics.errors import DivergenceError
from numerics.networks.parameters import Parameters
from numerics.optimizers.base import LossAndGradients, Step
from numerics.optimizers.settings import CommonSettings

METHODS = ("DOP853", "RK45", "LSODA", "Radau", "BDF")
"""SciPy's integrators: explicit ones for short times, implicit ones for stiff long times (small networks only)."""


@dataclass(frozen=True)
class GradientFlow(CommonSettings):
    """``dW/dt = -grad`` on all samples; one step advances the time by the learning rate.

    The state travels through the host in float64. A step costs as many gradients as the integrator needs, about
    twelve at least, so that this is for checks and not for long training.

    Parameters
    ----------
    rtol, atol : float
        Relative and absolute tolerance of the integrator, positive.
    method : str
        One of `METHODS`.
    weight_decay, layer_rates
        As in `CommonSettings`.

    Raises
    ------
    InputError
        If a tolerance is not positive or the method is unknown.
    """

    rtol: float = 1e-10
    atol: float = 1e-12
    method: str = METHODS[0]
    full_batch: ClassVar[bool] = True
    together: ClassVar[bool] = False  # a shared adaptive step would couple networks

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("rtol", "atol"):
            require_real(name, getattr(self, name), above=0)
        one_of("method", self.method, METHODS)

    def advance(
        self, loss_and_gradients: LossAndGradients, parameters: Parameters, state: list[Array], step: Step
    ) -> Float[Array, " s"]:
        """Integrate over one step, in place, and return the loss before it."""
        from scipy.integrate import solve_ivp  # takes longer to import than all else that a run needs

        values, _ = loss_and_gradients(parameters)
        rates = (*step.rates, *step.rates) if parameters.biases else tuple(step.rates)

        def velocity(_: float, flat: NDArray[np.float64]) -> NDArray[np.float64]:
            _, gradients = loss_and_gradients(_unflatten(flat, parameters))
            parts = zip((*gradients.weights, *gradients.biases), rates, strict=True)
            return np.concatenate([-rate * to_host(g).ravel().astype(np.float64) for g, rate in parts])

        solution = solve_ivp(
            velocity, (0.0, 1.0), _flatten(parameters), method=self.method, rtol=self.rtol, atol=self.atol
        )
        if not solution.success:
            raise DivergenceError(f"gradient flow could not be integrated at step {step.number}: {solution.message}")
        _assign(parameters, _unflatten(solution.y[:, -1], parameters))
        return values

    def __str__(self) -> str:
        return f"flow:{self.method}:{self.rtol:g}:{self.atol:g}"


def _flatten(parameters: Parameters) -> NDArray[np.float64]:
    arrays = (*parameters.weights, *parameters.biases)
    return np.concatenate([to_host(A).ravel().astype(np.float64) for A in arrays])


def _unflatten(flat: NDArray[np.float64], reference: Parameters) -> Parameters:
    arrays: list[Any] = []
    start = 0
    for A in (*reference.weights, *reference.biases):
        size = int(np.prod(A.shape))
        arrays.append(like(flat[start : start + size].reshape(A.shape), A))
        start += size
    layers = len(reference.weights)
    return Parameters(tuple(arrays[:layers]), tuple(arrays[layers:]))


def _assign(target: Parameters, source: Parameters) -> None:
    for A, B in zip((*target.weights, *target.biases), (*source.weights, *source.biases), strict=True):
        A[...] = B
