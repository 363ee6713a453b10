"""The first step of speed-limited optimization, and how alignment rises from a random start."""

import numpy as np

from nfa_theory.verify.instruments.features import UC_NFA, alignment, three_traces
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.instruments.one_layer import HIDDEN, NET, Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import alignment as cosine
from numerics import ptf_covariances
from numerics.optimizers import SpeedLimited

RISE = "early.slo_rise"
SIZES = grid(n=(6, 7, 8, 9))


STEPS = tuple(0.002 / 2**i for i in range(4))


def _first_step(trial: Trial, n: int) -> Judge:
    """Take one step with every layer at a speed of its own."""
    layer, speed = Layer.draw(NET, HIDDEN, trial.rng, n), trial.rng.uniform(0.5, 0.9)
    gamma = layer.gamma
    P, Q = layer.early_kernels()
    values = {**layer.values(), "P": P, "Q": Q, "C": speed}
    rule = SpeedLimited((0.3, speed, 1.3))
    found = []
    for eta, weights in zip(STEPS, weights_at(NET, layer.X, layer.Y, layer.start.weights, STEPS, rule), strict=True):
        dW, K = weights[HIDDEN - 1] - layer.W, ptf_covariances(layer.X, NET, weights)[HIDDEN - 1]
        F, G = dW.T @ dW, dW.T @ K @ dW
        q = np.sum(layer.gradient() ** 2)
        unit = (speed * eta * gamma / n) ** 2 / q
        found.append({"G_c": G, **alignment("C-NFA", F / unit, G * n / unit)})

    def predict(closed_form: ClosedForm, eta: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "eta": eta})

    measured = {name: [each[name] for each in found] for name in found[0]}
    lost = 4 * np.finfo(float).eps * np.linalg.norm(layer.W) / np.linalg.norm(dW)  # a trace has four factors W - W0
    return order(trial, STEPS, measured, predict, dict.fromkeys(measured, 1), floor=lost)


def _size_of_step(trial: Trial, n: int) -> Judge:
    """Compare what holds at once: the squared gradient, and the NFM of one step of any size."""
    layer, (speed, eta) = Layer.draw(NET, HIDDEN, trial.rng, n), trial.rng.uniform(0.5, 0.9, 2)
    P, _ = layer.early_kernels()
    ((dW,),) = [
        [weights[HIDDEN - 1] - layer.W]
        for weights in weights_at(NET, layer.X, layer.Y, layer.start.weights, (eta,), SpeedLimited((0.3, speed, 1.3)))
    ]
    values = {**layer.values(), "P": P, "C": speed, "eta": eta}
    return identity(trial, {"q": np.sum(layer.gradient() ** 2), "F_c": dW.T @ dW}, values)


def _rise(trial: Trial) -> Judge:
    """Read the coefficients off the traces at five lengths of the change of the weights."""
    rng = trial.rng
    W0, dW, root = rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), rng.standard_normal((6, 6))
    K = root @ root.T
    lengths = np.arange(-2.0, 3.0)
    moved = W0 + lengths[:, None, None] * dW
    traces = three_traces(np.swapaxes(moved, 1, 2) @ moved, np.swapaxes(moved, 1, 2) @ K @ moved)
    powers = np.vander(lengths, increasing=True)
    measured = {name: np.linalg.solve(powers, values) for name, values in zip(UC_NFA, traces, strict=True)}
    r = 0.7
    W = W0 / np.linalg.norm(W0) + r * dW / np.linalg.norm(dW)
    of_function = {
        "UC-NFA": cosine(W.T @ W, W.T @ K @ W),
        "C-NFA": cosine(dW.T @ dW, dW.T @ K @ dW),
    }
    evaluated = by_function(RISE, lambda function: function(W0, dW, K, r))
    judge = identity(trial, measured, {"W0": W0, "dW": dW, "K": K})
    return both(judge, identity(trial, named(of_function), evaluated))


def _expansion(trial: Trial) -> Judge:
    """Divide traces with given coefficients at smaller and smaller arguments."""
    N, P, Q = trial.rng.uniform(1, 2, (3, 3))
    values = {f"{name}_{i}": each[i] for name, each in (("N", N), ("P", P), ("Q", Q)) for i in range(2)}
    arguments = np.array([0.004 / 2**i for i in range(4)])
    n, p, q = (np.polynomial.Polynomial(each)(arguments) for each in (N, P, Q))

    def predict(closed_form: ClosedForm, r: float) -> ClosedForm:
        found = evaluate({"expansion": closed_form["expansion"]}, values)
        return {"expansion": sum(each * r**i for i, each in enumerate(found["expansion"]))}

    return order(trial, arguments.tolist(), {"expansion": n / np.sqrt(p * q)}, predict, {"expansion": 2})


CHECKS = (
    *at_sizes("early.slo_first_step", "one small step of a tanh network", "order", _first_step, SIZES),
    *at_sizes("early.slo_first_step", "one step of any length", "identity", _size_of_step, SIZES),
    Check(RISE, "traces at five lengths", "identity", _rise),
    Check(RISE, "quotient of polynomials", "order", _expansion),
)
