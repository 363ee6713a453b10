"""The AGOP of a layer, against its factors."""

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, alignment, features
from numerics.networks.backpropagation import tangent_features

NET = MLP((5, 7, 6, 8, 3), activation="tanh", bias=True, bias_std=0.3)


def _factorization(trial: Trial) -> Judge:
    """Let `numerics` measure AGOP and tangent features; the Jacobian is the chain rule, output by output."""
    layer = Layer.draw(NET, 2, trial.rng)
    found = features(layer.X, NET, layer.start, layer=2)
    values = layer.values()
    del values["J"]
    (D,) = (each for number, each in tangent_features(NET, layer.start, layer.activity) if number == 2)
    J = np.einsum("nck,km->ncm", D, layer.gamma * layer.W).reshape(-1, layer.W.shape[1])
    return identity(trial, {"J": J, "G": found.agop}, values)


def _left_singular_form(trial: Trial) -> Judge:
    layer = Layer.draw(NET, 2, trial.rng)
    found = features(layer.X, NET, layer.start, layer=2)
    U, s, Vt = np.linalg.svd(layer.W, full_matrices=False)
    M = U.T @ found.ptf_covariance @ U
    values = {"s": np.diag(s), "M": M, "V": Vt.T, "gamma": layer.gamma}
    FG, FF = np.sum(found.nfm * found.agop) / layer.gamma**2, np.sum(found.nfm**2)
    GG = np.sum(found.agop**2) / layer.gamma**4
    measured = {
        "F": found.nfm,
        "G": found.agop,
        "rho": alignment(found.nfm, found.agop),
        "rho numerator": FG,
        "rho first": FF,
        "rho second": GG,
        "distance": FF * (FF * GG - FG**2),
    }

    def predict(closed_form: ClosedForm) -> ClosedForm:
        return evaluate(closed_form, values)

    return identity(trial, measured, predict)


CHECKS = (
    Check("identities.factorization", "tanh network with biases, three outputs", "identity", _factorization),
    Check("identities.left_singular_form", "tanh network with biases", "identity", _left_singular_form),
)
