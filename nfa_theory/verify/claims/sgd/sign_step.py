"""Steps of sign descent, taken by a network; in a wide linear one neurons stand at every node of a quadrature."""

from typing import Any

import numpy as np

from nfa_theory.verify.claims.sgd.first_step import aligned
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.instruments.step_taken import change_of_a_step
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.optimizers import Descent, SignDescent

CLAIM = "sgd.sign_step"


def _step(trial: Trial) -> Judge:
    layer = Layer.draw(MLP((5, 6, 7, 2), activation="tanh"), 1, trial.rng)
    K, g = layer.values()["K"], layer.gradient()
    measured = aligned("step", change_of_a_step(layer, SignDescent()), K)
    return identity(trial, measured, {"s": np.sign(g), "K": K, "k": len(g), "m": g.shape[1]})


def _law(trial: Trial) -> Judge:
    """Average over Gaussian readouts of two outputs: signs are constant between directions, lengths have a mean.

    Functions of degree one in the length are averaged by one node at its mean, those of degree zero by any.
    """
    d, n = 4, 7
    layer = _at_all_directions(trial.rng, d, n)
    chances, readouts = layer[1], layer[0].start.weights[1].T
    change = change_of_a_step(layer[0], SignDescent())
    slope = change_of_a_step(layer[0], Descent())  # at readouts of mean length
    squares = 2 / (np.pi / 2)  # E[r^2] over E[r]^2
    signs = change.T @ (chances[:, None] * change)
    f = squares * slope.T @ (chances[:, None] * slope)
    e = squares * readouts.T @ (chances[:, None] * slope)
    v = readouts.T @ (chances[:, None] * change)
    variances, (j, i) = np.diag(f), np.triu_indices(d, 1)  # a sign with itself is 1, which rounding would not leave
    measured = {"signs": signs[j, i], "tangent": v, "outer product": (v.T @ v)[j, i]}
    symbols = {"f_jj": variances[j], "f_ll": variances[i], "f_jl": f[j, i], "g_jl": (e.T @ e)[j, i]}

    def predict(closed_form: ClosedForm) -> ClosedForm:
        pairs = evaluate({name: closed_form[name] for name in ("signs", "outer product")}, symbols)
        rows = evaluate({"tangent": closed_form["tangent"]}, {"e_j": e, "f_jj": variances[None, :]})
        return {**pairs, **rows}

    return identity(trial, measured, predict, "exact average")


def _at_all_directions(rng: np.random.Generator, d: int, n: int) -> tuple[Layer, Any]:
    """Place neurons so that between two directions where a sign changes, sines and cosines are averaged exactly."""
    X, Y = rng.standard_normal((n, d)), rng.standard_normal((n, 2))
    q = Y.T @ X  # a readout (cos, sin) has the gradient (cos, sin) q, because the function is zero
    kinks = np.sort(np.concatenate([np.arctan2(-q[0], q[1]) % np.pi, np.arctan2(-q[0], q[1]) % np.pi + np.pi]))
    edges = np.append(kinks, kinks[0] + 2 * np.pi)
    z, weights = np.polynomial.legendre.leggauss(16)
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    angles = (middles[:, None] + widths[:, None] * z / 2).ravel()
    chances = (widths[:, None] * weights / (4 * np.pi)).ravel()
    readouts = np.sqrt(np.pi / 2) * np.stack([np.cos(angles), np.sin(angles)])
    net = MLP((d, len(angles), 2), "linear", parametrization="lecun")
    weights_ = net.parameters([np.zeros((len(angles), d)), readouts], X)
    return Layer(net, 1, X, Y, weights_, net.forward(X, weights_)), chances


CHECKS = (
    Check(CLAIM, "first layer of a tanh network", "identity", _step),
    Check(CLAIM, "a linear network with neurons in all directions", "exact average", _law),
)
