"""Taylor coefficients in time of whatever a network's flow changes, by Cauchy's integral over complex times.

A flow that is analytic in time can be followed to complex times, where `numerics` runs the same network on complex
weights. Differences of real times lose digits with every order; an integral over a circle loses none.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from numerics import MLP, Parameters
from numerics.networks.backpropagation import weight_gradients

COUNT = 32
"""Times on the circle; the coefficients are exact up to that order of the radius over the radius of convergence."""


def taylor_coefficients(
    net: MLP, X: Any, Y: Any, start: Sequence[Any], radius: float, observe: Callable[[Any, complex], Mapping[str, Any]]
) -> dict[str, Any]:
    """Expand what is observed of a network in powers of the time of its gradient flow."""
    circle = radius * np.exp(2j * np.pi * np.arange(COUNT) / COUNT)
    found = [observe(_weights_at(net, X, Y, start, time), time) for time in circle]
    powers = radius ** np.arange(COUNT)
    values = {name: np.array([each[name] for each in found]) for name in found[0]}
    return {name: (np.fft.fft(each, axis=0).real.T / COUNT / powers).T for name, each in values.items()}


def _weights_at(net: MLP, X: Any, Y: Any, start: Sequence[Any], time: complex) -> list[Any]:
    ends = np.cumsum([W.size for W in start])[:-1]
    inputs = X.astype(complex)

    def weights_of(flat: Any) -> list[Any]:
        return [part.reshape(W.shape) for part, W in zip(np.split(flat, ends), start, strict=True)]

    def velocity(_: float, flat: Any) -> Any:
        parameters = Parameters(tuple(weights_of(flat)), ())
        activity = net.forward(inputs, parameters)
        gradients = weight_gradients(net, parameters, activity, (activity.outputs - Y) / len(X)).weights
        return -time * np.concatenate([each.ravel() for each in gradients])

    initial = np.concatenate([W.ravel() for W in start]).astype(complex)
    return weights_of(solve_ivp(velocity, (0.0, 1.0), initial, method="DOP853", rtol=1e-13, atol=1e-15).y[:, -1])
