"""The AGOP of a layer, against its factors."""

from nfa_theory.verify.check import Check, Judge, Trial
from nfa_theory.verify.identity import identity
from numerics import MLP, features


def _factorization(trial: Trial) -> Judge:
    """Take the middle layer of a network with one output."""
    rng = trial.rng
    net, layer = MLP((5, 7, 6, 1), activation="tanh", bias=True, bias_std=0.3), 2
    X, start = rng.standard_normal((9, 5)), net.initialize(rng)
    W = start.weights[layer - 1]
    found = features(X, net, start, layer=layer)
    values = {"W": W, "K": found.ptf_covariance, "gamma": net.scaling(layer).multiplier}
    return identity(trial, {"G": found.agop}, values)


CHECKS = (Check("alignment_identity.factorization", "tanh network", "identity", _factorization),)
