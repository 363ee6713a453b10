"""What gradient flow conserves in linear networks, and the powers that follow from it."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, alignment, features

SIZE = 4


def _conservation(trial: Trial) -> Judge:
    net = MLP((4, 5, 4), activation="linear")
    X, Y = trial.rng.standard_normal((8, 4)), trial.rng.standard_normal((8, 4))
    W1, W2 = net.initialize(trial.rng).weights
    ((A, B),) = weights_at(net, X, Y, (W1, W2), (1.0,))
    return identity(trial, {"invariant": B.T @ B - A @ A.T}, {"W1": W1, "W2": W2})


def _power(trial: Trial, L: int) -> Judge:
    """Flow balanced layers until they have moved; then every AGOP is a power of the NFM."""
    rng = trial.rng
    net = MLP((SIZE,) * (L + 1), activation="linear", parametrization="lecun")
    frames = [np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0] for _ in range(L + 1)]
    strengths = rng.uniform(0.8, 1.3, SIZE)
    start = [frames[i + 1] * strengths @ frames[i].T for i in range(L)]
    X, Y = rng.standard_normal((10, SIZE)), rng.standard_normal((10, SIZE))
    (weights,) = weights_at(net, X, Y, start, (0.3,))
    found = [features(X, net, weights, layer=layer) for layer in range(L - 1, 0, -1)]
    exponents = [_exponent(each.nfm, each.agop) for each in found]
    measured = {
        "G": np.array([each.agop for each in found]),
        "UC-NFA": np.array([alignment(each.nfm, each.agop) for each in found]),
        "exponent": np.array(exponents),
        "alpha": 1 / np.array(exponents),
    }

    def predict(closed_form: ClosedForm) -> ClosedForm:
        by_layer = [evaluate(closed_form, {"F": each.nfm, "L": L, "l": L - 1 - i}) for i, each in enumerate(found)]
        chosen = {name: [each[name][i] for i, each in enumerate(by_layer)] for name in ("G", "UC-NFA")}
        chosen |= {name: [each[name] for each in by_layer] for name in ("exponent", "alpha")}
        return {name: np.array(values, dtype=float) for name, values in chosen.items()}

    return identity(trial, measured, predict)


def _exponent(F: Any, G: Any) -> float:
    """Fit the logarithms of the eigenvalues."""
    x, y = np.log(np.linalg.eigvalsh(F)), np.log(np.linalg.eigvalsh(G))
    return float(np.polynomial.polynomial.polyfit(x, y, 1)[1])


CHECKS = (
    Check("linear.conservation", "flow of a 4-5-4 network", "identity", _conservation),
    *at_sizes("linear.balanced_power", "flow of balanced layers", "identity", _power, grid(L=(3, 4, 5))),
)
