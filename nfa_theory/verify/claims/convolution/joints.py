"""Kernels through readouts, pooling and residual branches: averaged exactly over weights, or identical."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import Conv, ConvNet, MeanPool, Parameters, Residual, pre_activation_tangent_kernel
from numerics.networks.convolution.passes import pull_back


def _readouts(trial: Trial, channels: int, width: int) -> Judge:
    """Average over every weight of both readouts."""
    v, measured = trial.rng.uniform(0.7, 1.3), {}
    X, W = trial.rng.standard_normal((1, width)), trial.rng.standard_normal((channels, 1))
    for readout in ("dense", "mean"):
        net = ConvNet((1, 1, width), [Conv(channels, 1)], 1, activation="tanh", readout=readout)
        nodes, weights = gaussian_nodes(net.fan_ins[-1], degree=2)
        drawn = [Parameters((W, v**0.5 * node[None])) for node in nodes]
        kappas = [pre_activation_tangent_kernel(X, net, each, 1)[:, 0, :, 0] for each in drawn]
        measured[readout] = np.einsum("i,iab->ab", weights, kappas)
    values = {"S": net.activation.derivative(W * X), "v": v, "p": width, "c": channels}
    return identity(trial, measured, values, "exact average")


def _pooling(trial: Trial) -> Judge:
    """Pool overlapping windows of a linear network with as many channels as positions."""
    net = ConvNet((5, 3, 3), [Conv(6, 1), MeanPool(2, 1)], 1, activation="linear")
    X, start = trial.rng.standard_normal((1, 45)), net.initialize(trial.rng)
    activity = net.forward(X, start)
    h, pooled = activity.preactivations[0][0], activity.inputs[-1].reshape(4, 6)
    share = np.zeros((9, 4))
    for i in range(2):
        for j in range(2):
            share[[3 * (i + a) + j + b for a in range(2) for b in range(2)], 2 * i + j] = 0.25
    above = net.multipliers[1] * start.weights[1].reshape(4, 6)
    values = {"M": share, "Sigma": h @ h.T / 6, "kappa_above": above @ above.T, "p": 9, "q": 4}
    measured = {
        "Sigma": pooled @ pooled.T / 6,
        "kappa": pre_activation_tangent_kernel(X, net, start, 1)[:, 0, :, 0],
    }
    return identity(trial, measured, values)


def _branch(trial: Trial, channels: int) -> Judge:
    """Average over every weight of a branch of one activation, with what is behind it held fixed."""
    v = trial.rng.uniform(0.7, 1.3)
    net = ConvNet((5, 2, 3), [Conv(channels, 1), Residual(Conv(channels, 1))], 1, activation="tanh")
    X, start = trial.rng.standard_normal((1, 30)), net.initialize(trial.rng)
    D = trial.rng.standard_normal((1, 6, channels))
    nodes, weights = gaussian_nodes(channels**2, degree=2)
    ups, downs = [], []
    for node in nodes:
        W = v**0.5 * node.reshape(channels, channels)
        activity = net.forward(X, start._replace(weights=(start.weights[0], W, start.weights[2])))
        after = activity.preactivations[-1][0]
        ups.append(after @ after.T / channels)
        downs.append(_came_back(net, D, activity.preactivations[0], W))
    h = activity.preactivations[0][0]
    z = net.activation(h)
    values: dict[str, Any] = {
        "V_0": h @ h.T / channels,
        "Sigma": z @ z.T / channels,
        "S": net.activation.derivative(h).T,
        "D": D[0].T,
        "v": v,
        "p": 6,
        "c": channels,
    }
    measured = {name: np.einsum("i,iab->ab", weights, found) for name, found in (("V", ups), ("kappa", downs))}
    return identity(trial, measured, values, "exact average")


def _came_back(net: ConvNet, D: Any, h: Any, W: Any) -> Any:
    """Carry derivatives from behind the branch to where it begins, and multiply them position by position."""
    found: list[Any] = []
    effective = [W, net.multipliers[1] * W]  # nothing comes back through the first
    slopes = iter([net.activation.derivative(h)])
    pull_back(net.program.steps[:2], D, slopes, effective, lambda step, delta: found.append(delta[0]))
    back = found[-1]  # the first layer comes last
    return back @ back.T


CHECKS = (
    *at_sizes(
        "convolution.readouts", "every readout", "exact average", _readouts, grid(channels=(2, 4), width=(2, 3, 4))
    ),
    Check("convolution.pooling", "overlapping windows", "identity", _pooling),
    *at_sizes(
        "convolution.residual_branch", "every branch", "exact average", _branch, [{"channels": c} for c in (1, 2, 5)]
    ),
)
