"""Linear networks: the flow over covariances."""

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP, features

NET = MLP((5, 5, 4, 4), activation="linear", parametrization="lecun")


def _closed_flow(trial: Trial) -> Judge:
    layer = Layer.draw(NET, 2, trial.rng)
    X, n = layer.X, len(layer.X)
    A, W, B = layer.start.weights
    Sigma_xx, Sigma_yx = X.T @ X / n, layer.Y.T @ X / n
    found = features(X, NET, layer.start, layer=2)
    velocity = -layer.gradient()
    measured = {"dW/dt": velocity, "dW/dt with E": velocity, "K": found.ptf_covariance, "G": found.agop}
    E = Sigma_yx - B @ W @ A @ Sigma_xx
    return identity(trial, measured, {"A": A, "W": W, "B": B, "E": E, "Sigma_xx": Sigma_xx, "Sigma_yx": Sigma_yx})


CHECKS = (Check("linear.closed_flow", "middle layer of three", "identity", _closed_flow),)
