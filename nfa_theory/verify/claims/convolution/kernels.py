"""Kernels through a convolution: every filter of one layer, averaged exactly over its weights."""

from itertools import product
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes
from nfa_theory.verify.rules.identity import identity
from numerics import Conv, ConvNet, Parameters, pre_activation_tangent_kernel

SAMPLES = 2
SHAPES = ({"height": 2, "width": 2, "stride": 1}, {"height": 2, "width": 3, "stride": 2})


def _selections(height: int, width: int, stride: int) -> dict[str, Any]:
    """Write what each entry of a 2 x 2 filter with a margin of 1 sees, for samples side by side."""
    steps = [range(-1, side, stride) for side in (height, width)]
    found = {}
    for o, (a, b) in enumerate(product(range(2), repeat=2), start=1):
        E = np.zeros((height * width, len(steps[0]) * len(steps[1])))
        for column, (i, j) in enumerate(product(*steps)):
            if 0 <= i + a < height and 0 <= j + b < width:
                E[(i + a) * width + j + b, column] = 1
        found[f"E_{o}"] = np.kron(np.eye(SAMPLES), E)
    return found


def _filter(stride: int, channels: int) -> Conv:
    return Conv(channels, 2, stride, padding=1)


def _forward(trial: Trial, height: int, width: int, stride: int) -> Judge:
    """Average over every weight of one neuron, between all positions of two samples."""
    v = trial.rng.uniform(0.7, 1.3)
    net = ConvNet((2, height, width), [_filter(stride, 1)], 1)
    X = trial.rng.standard_normal((SAMPLES, net.inputs))
    nodes, weights = gaussian_nodes(8, degree=2)
    readout = np.zeros(net.weight_shapes[-1])
    h = [net.forward(X, Parameters((v**0.5 * node[None], readout))).preactivations[0].reshape(-1) for node in nodes]
    E = _selections(height, width, stride)
    x = X.reshape(SAMPLES, 2, -1).transpose(1, 0, 2).reshape(2, -1)
    values = {**E, "Sigma": x.T @ x / 2, "v": v, "p": len(E["E_1"]), "q": E["E_1"].shape[1]}
    return identity(trial, {"V": np.einsum("i,ia,ib->ab", weights, h, h)}, values, "exact average")


def _tangent(trial: Trial, height: int, width: int, stride: int) -> Judge:
    """Average over every weight between one channel and two, in a linear network: what is above does not change."""
    v = trial.rng.uniform(0.7, 1.3)
    net = ConvNet((1, height, width), [Conv(1, 1), _filter(stride, 2)], 1, activation="linear")
    X, start = trial.rng.standard_normal((SAMPLES, net.inputs)), net.initialize(trial.rng)
    nodes, weights = gaussian_nodes(8, degree=2)
    drawn = [
        start._replace(weights=(start.weights[0], v**0.5 * node.reshape(2, 4), start.weights[2])) for node in nodes
    ]
    kappas = [pre_activation_tangent_kernel(X, net, each, 1)[:, 0, :, 0] for each in drawn]
    E = _selections(height, width, stride)
    values = {
        **E,
        "kappa_above": pre_activation_tangent_kernel(X, net, start, 2)[:, 0, :, 0],
        "v": v,
        "p": len(E["E_1"]),
        "q": E["E_1"].shape[1],
    }
    return identity(trial, {"kappa": np.einsum("i,iab->ab", weights, kappas)}, values, "exact average")


CHECKS = (
    *at_sizes("convolution.forward_kernel", "every filter of two channels", "exact average", _forward, SHAPES),
    *at_sizes("convolution.tangent_kernel", "every filter of two neurons", "exact average", _tangent, SHAPES),
)
