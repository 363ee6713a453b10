"""How a layer starts to move, and what that makes of its features: the flow against its first order in time."""

from typing import Any

from nfa_theory.verify.instruments.features import alignment
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.instruments.one_layer import HIDDEN, NET, Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate
from numerics import ptf_covariances

TIMES = tuple(0.004 / 2**i for i in range(4))


def _weight_change(trial: Trial, n: int) -> Judge:
    layer = Layer.draw(NET, HIDDEN, trial.rng, n)
    values = layer.values()
    moved = weights_at(NET, layer.X, layer.Y, layer.start.weights, TIMES)
    measured = {"dW": [weights[HIDDEN - 1] - layer.W for weights in moved]}
    return order(trial, TIMES, measured, lambda form, t: evaluate(form, {**values, "t": t}), {"dW": 1})


def _kernels(trial: Trial) -> Judge:
    layer = Layer.draw(NET, HIDDEN, trial.rng)
    P, Q = layer.early_kernels()
    return identity(trial, {"P": P, "Q": Q}, layer.values())


def _features(trial: Trial, n: int) -> Judge:
    """Centered features at small times, with the PTF covariance at the weights that are reached."""
    layer = Layer.draw(NET, HIDDEN, trial.rng, n)
    values = layer.values()
    P, Q = layer.early_kernels()
    found = [
        _centered(layer, weights, t)
        for t, weights in zip(TIMES, weights_at(NET, layer.X, layer.Y, layer.start.weights, TIMES), strict=True)
    ]
    names = ("F_c", "G_c", "C-NFA", *(f"C-NFA {part}" for part in PARTS))

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "P": P, "Q": Q, "t": t})

    measured = {name: [each[name] for each in found] for name in names}
    return order(trial, TIMES, measured, predict, dict.fromkeys(names, 1))


def _centered(layer: Layer, weights: Any, t: float) -> dict[str, Any]:
    """Measure the features; traces in the units of the closed form, without the powers of time and multipliers."""
    n = len(layer.X)
    dW = weights[HIDDEN - 1] - layer.W
    K = ptf_covariances(layer.X, NET, weights)[HIDDEN - 1]
    F, G = dW.T @ dW, dW.T @ K @ dW
    f, g = F * (n / (layer.gamma * t)) ** 2, G * n**3 / (layer.gamma * t) ** 2
    return {"F_c": F, "G_c": G, **alignment("C-NFA", f, g)}


CHECKS = (
    *at_sizes("early.weight_change", "flow of a tanh network", "order", _weight_change, grid(n=(6, 9))),
    Check("early.centered_features", "kernels of a tanh network", "identity", _kernels),
    *at_sizes("early.centered_features", "flow of a tanh network", "order", _features, grid(n=(5, 6, 7, 9))),
)
