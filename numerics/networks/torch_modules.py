"""Fully connected networks from PyTorch and back, the same function and the same feature matrices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics.errors import InputError
from numerics.networks.activations import Activation
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters


class ScaledLinear(nn.Linear):
    """A dense layer ``multiplier * W z + b``, as parametrizations other than PyTorch's have it.

    Parameters
    ----------
    in_features, out_features : int
        As of `torch.nn.Linear`.
    multiplier : float
        The factor.
    bias : bool
        Whether there is a bias.
    """

    def __init__(self, in_features: int, out_features: int, multiplier: float, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias=bias)
        self.multiplier = multiplier

    def forward(self, z: Tensor) -> Tensor:
        """Return ``multiplier * W z + b``."""
        h = self.multiplier * nn.functional.linear(z, self.weight)
        return h if self.bias is None else h + self.bias


class Elementwise(nn.Module):
    """An activation of `numerics.networks.activations` as a module.

    Parameters
    ----------
    activation : Activation
        The activation.
    """

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, h: Tensor) -> Tensor:
        """Return phi(h)."""
        result: Tensor = self.activation(h)
        return result


NAMES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.SiLU: "silu",
    nn.Identity: "linear",
}
IGNORED = (nn.Flatten, nn.Dropout)


def from_torch(module: nn.Module) -> tuple[MLP, Parameters]:
    """Read a sequence of dense layers with one activation between them.

    Parameters
    ----------
    module : torch.nn.Module
        `torch.nn.Sequential`, nested or not, of `torch.nn.Linear` or `ScaledLinear` and activations; `Flatten` and
        `Dropout` are passed over (the function is that of evaluation).

    Returns
    -------
    net : MLP
        In PyTorch's parametrization, or in the one to which the multipliers of `ScaledLinear` belong.
    parameters : Parameters
        Weights and biases as NumPy arrays. Multipliers of no parametrization are multiplied into the weights.

    Raises
    ------
    InputError
        If the module is no such sequence; names what is in the way.
    """
    layers: list[nn.Linear] = []
    activations: list[Activation] = []
    for name, part in _leaves(module):
        if isinstance(part, nn.Linear):
            layers.append(part)
            if len(layers) > len(activations) + 1:
                activations.append(Activation("linear"))
        elif isinstance(part, IGNORED):
            continue
        elif len(activations) == len(layers) - 1:
            activations.append(_activation(part, name))
        else:
            raise InputError(f"a dense layer must come before {name} ({type(part).__name__}), got none")
    if len(layers) < 2 or len(activations) != len(layers) - 1:
        raise InputError(f"module must be dense layers with activations between them, got {type(module).__name__}")
    if len(set(map(str, activations))) > 1:
        raise InputError(f"module must have one activation, got {', '.join(map(str, activations))}")
    if len({layer.bias is None for layer in layers}) > 1:
        raise InputError("module must have biases in all layers or in none, got both")
    widths = (layers[0].in_features, *(layer.out_features for layer in layers))
    multipliers = tuple(float(getattr(layer, "multiplier", 1.0)) for layer in layers)
    bias = layers[0].bias is not None
    net, absorbed = _parametrized(widths, activations[0], multipliers, bias)
    weights = [_array(layer.weight) * (m if absorbed else 1.0) for layer, m in zip(layers, multipliers, strict=True)]
    return net, Parameters(tuple(weights), tuple(_array(layer.bias) for layer in layers) if bias else ())


def to_torch(net: MLP, parameters: Any) -> nn.Sequential:
    """Make a PyTorch module of a network and its parameters, the same function with the same gradients.

    Parameters
    ----------
    net : MLP
        The network; one with ``zero_initial_function`` is refused, because its function needs two sets of weights.
    parameters : Parameters or sequence of array
        As `MLP.parameters` reads them.

    Returns
    -------
    torch.nn.Sequential
        `torch.nn.Linear` where a layer's multiplier is 1, else `ScaledLinear`, in the dtype of the weights.

    Raises
    ------
    InputError
        If the parameters do not fit.
    """
    if net.zero_initial_function:
        raise InputError("a network with zero_initial_function has no PyTorch form, got zero_initial_function=True")
    read = net.parameters(parameters)
    parts: list[nn.Module] = []
    for layer, (W, multiplier) in enumerate(zip(read.weights, net.multipliers, strict=True), start=1):
        fan_out, fan_in = W.shape
        dense = nn.Linear(fan_in, fan_out, bias=net.bias)
        if multiplier != 1.0:
            dense = ScaledLinear(fan_in, fan_out, multiplier, bias=net.bias)
        dense.weight = nn.Parameter(torch.tensor(np.asarray(W)))
        if net.bias:
            dense.bias = nn.Parameter(torch.tensor(np.asarray(read.biases[layer - 1])))
        parts.append(dense)
        if layer <= net.depth:
            parts.append(_module(net.activation))
    return nn.Sequential(*parts)


def _leaves(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    if isinstance(module, nn.Sequential):
        for key, child in module.named_children():
            yield from _leaves(child, f"{name}.{key}" if name else key)
    else:
        yield name or "the module", module


def _activation(part: nn.Module, name: str) -> Activation:
    if isinstance(part, Elementwise):
        return part.activation
    if isinstance(part, nn.GELU) and part.approximate == "none":
        return Activation("gelu")
    if isinstance(part, nn.LeakyReLU):
        return Activation("leaky_relu", float(part.negative_slope))
    if isinstance(part, nn.Softplus) and part.beta == 1:
        return Activation("softplus")
    if type(part) not in NAMES:
        raise InputError(f"module must hold dense layers and activations, got {type(part).__name__} at {name}")
    return Activation(NAMES[type(part)])


def _module(activation: Activation) -> nn.Module:
    kind = next((kind for kind, name in NAMES.items() if name == activation.name), None)
    return Elementwise(activation) if kind is None else kind()


def _parametrized(
    widths: tuple[int, ...], activation: Activation, multipliers: tuple[float, ...], bias: bool
) -> tuple[MLP, bool]:
    for name in ("pytorch", "ntk", "mup"):
        net = MLP(widths, activation, name, bias=bias)
        if np.allclose(net.multipliers, multipliers, rtol=1e-12, atol=0):
            return net, False
    return MLP(widths, activation, "pytorch", bias=bias), True


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().numpy().copy()
