"""The scatter of the steps of one-pass SGD: gradients of single samples at every node of a quadrature."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.networks.backpropagation import tangent_features

START, TAKEOVER = "sgd.initial_c_nfa", "sgd.takeover"


@dataclass(frozen=True)
class Scatter:
    """Gradients of single samples at the weights of a network, one a node, with labels whose noise has two signs.

    Parameters
    ----------
    chances : (2 n,) array
        Of each gradient.
    gradients : (2 n, k) array
        With respect to pre-activations.
    D : (2 n, k) array
        Tangent features.
    misses : (2 n,) array
        Without the noise.
    readout : (k,) array
        ``a``.
    X : (2 n, d) array
        Inputs.
    """

    chances: Any
    gradients: Any
    D: Any
    misses: Any
    readout: Any
    X: Any

    @classmethod
    def draw(cls, trial: Trial, d: int, k: int, noise: float) -> "Scatter":
        """Draw a network and a teacher; backpropagate at every node."""
        net = MLP((d, k, 1), "tanh", parametrization="lecun")
        X, weights = gaussian_nodes(d, degree=6)
        start, teacher = net.initialize(trial.rng), net.initialize(trial.rng)
        activity = net.forward(X, start)
        D = dict(tangent_features(net, start, activity))[1][:, 0]
        miss = (net.forward(X, teacher).outputs - activity.outputs)[:, 0]
        signs = np.repeat([noise, -noise], len(X))
        D, miss = np.concatenate([D, D]), np.concatenate([miss, miss])
        return cls(
            np.tile(weights / 2, 2), (miss + signs)[:, None] * D, D, miss, start.weights[1][0], np.tile(X, (2, 1))
        )

    def average(self, rows: Any, factor: Any = 1.0) -> Any:
        """Average outer products of rows."""
        return rows.T @ (rows * np.broadcast_to(self.chances * factor, len(rows))[:, None])


def _start(trial: Trial, d: int, k: int, noise: float) -> Judge:
    """Scatter weights along orthogonal inputs, one for each gradient, and take feature matrices of that change."""
    found = Scatter.draw(trial, d, k, noise)
    K, slopes = found.average(found.D), found.D / found.readout
    measured: dict[str, Any] = {"N_0": found.average(found.gradients), "K": K}
    for name, rows in (("rho", found.gradients), ("rho of noise alone", found.D)):
        change = rows * np.sqrt(found.chances)[:, None]  # a row for each orthogonal input
        triangle = np.linalg.qr(change)[1]  # the same change, in the span of the inputs that matter
        F, moved = triangle @ triangle.T, triangle @ K @ triangle.T
        measured |= {
            f"{name} numerator": np.sum(F * moved),
            f"{name} first": np.sum(F * F),
            f"{name} second": np.sum(moved * moved),
            name: np.sum(F * moved) / np.sqrt(np.sum(F * F) * np.sum(moved * moved)),
        }
    values = {
        "a": found.readout[:, None],
        "H": found.average(slopes),
        "P": found.average(slopes, found.misses**2),
        "sigma": noise,
        "k": k,
        "K": K,
        "N_0": measured["N_0"],
    }
    return identity(trial, measured, values, "exact average")


def _takeover(trial: Trial, d: int, k: int) -> Judge:
    """Move weights by drift and by scatter for the claimed time: both have gone equally far."""
    found = Scatter.draw(trial, d, k, noise=0.7)
    noise = float(np.trace(found.average(found.gradients)))
    drift = found.gradients.T @ (found.X * found.chances[:, None])  # of the weights, a step's mean
    signal = float(np.sum(drift**2))
    batches = np.array([1.0, 2.0, 5.0, 32.0])

    def predict(closed_form: ClosedForm) -> ClosedForm:
        time = np.array([float(evaluate(closed_form, {"nu": noise, "s": signal, "b": b})["t_star"]) for b in batches])
        return {"squared length of the drift": time**2 * signal * batches / time}

    return identity(trial, {"squared length of the drift": np.full(4, noise)}, predict)


def _sized(d: int, k: int, noise: float) -> Check:
    name = f"{k} neurons, {d} inputs, label noise {noise}"
    return Check(START, name, "exact average", partial(_start, d=d, k=k, noise=noise))


CHECKS = (
    _sized(3, 5, 0.7),
    _sized(4, 4, 1.9),
    _sized(2, 6, 1.2),
    Check(TAKEOVER, "lengths of drift and scatter, four batch sizes", "identity", partial(_takeover, d=3, k=5)),
)
