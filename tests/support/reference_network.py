"""A second implementation for the tests, written for automatic differentiation: nothing of `numerics` is used here."""

import autograd.numpy as anp
from autograd.scipy.special import erf

SQRT2 = 2**0.5


def hermite(degree):
    """Normalized He_n by its explicit sum, not by the recurrence."""
    from math import factorial

    def phi(h):
        total = 0.0 * h
        for i in range(degree // 2 + 1):
            sign = (-1) ** i / (factorial(i) * factorial(degree - 2 * i) * 2**i)
            total = total + sign * h ** (degree - 2 * i)
        return factorial(degree) ** 0.5 * total

    return phi


ACTIVATIONS = {
    "linear": lambda h: h,
    "quadratic": lambda h: h**2,
    "cubic": lambda h: h**3,
    "relu": lambda h: anp.where(h > 0, h, 0.0 * h),  # maximum() would halve the slope at the kink
    "leaky_relu:0.2": lambda h: anp.where(h > 0, h, 0.2 * h),
    "erf": erf,
    "tanh": lambda h: (anp.exp(h) - anp.exp(-h)) / (anp.exp(h) + anp.exp(-h)),
    "gelu": lambda h: h * (1 + erf(h / SQRT2)) / 2,
    "silu": lambda h: h / (1 + anp.exp(-h)),
    "softplus": lambda h: anp.log(1 + anp.exp(h)),
    "sigmoid": lambda h: 1 / (1 + anp.exp(-h)),
    "elu:0.5": lambda h: anp.where(h > 0, h, 0.5 * (anp.exp(h) - 1)),
    "selu": lambda h: 1.0507009873554805 * anp.where(h > 0, h, 1.6732632423543772 * (anp.exp(h) - 1)),
    "sin": anp.sin,
    "cos": anp.cos,
    "exp": anp.exp,
    **{f"hermite:{degree}": hermite(degree) for degree in range(6)},
}


def multipliers(parametrization, widths):
    """Factor on W, layer by layer."""
    fan_in = widths[:-1]
    if parametrization == "ntk":
        return [m**-0.5 for m in fan_in]
    if parametrization == "mup":
        return [m**-0.5 for m in fan_in[:-1]] + [1 / fan_in[-1]]
    return [1.0] * len(fan_in)


def network(X, weights, biases, phi, factors, shifts=None):
    """Outputs of the network; `shifts[l]` is added to the pre-activations of hidden layer l."""
    Z = X
    for i, (W, factor) in enumerate(zip(weights, factors, strict=True)):
        h = factor * anp.dot(Z, anp.transpose(W))
        if biases:
            h = h + biases[i]
        if i == len(weights) - 1:
            return h
        if shifts is not None:
            h = h + shifts[i]
        Z = phi(h)
    return None
