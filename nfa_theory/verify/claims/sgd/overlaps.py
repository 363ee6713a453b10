"""Both alignments of a network that has moved, as it measures them, against overlaps."""

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, alignment

NET = MLP((7, 6, 5, 2), activation="tanh")


def _overlaps(trial: Trial) -> Judge:
    layer = Layer.draw(NET, 1, trial.rng)
    W, K = layer.W, layer.values()["K"]
    start = trial.rng.standard_normal(W.shape)
    d = W.shape[1]
    change = W - start
    measured = {"Q of the change": change @ change.T / d}
    values = {"K": K, "Q_t": W @ W.T / d, "Q_0": start @ start.T / d, "R": W @ start.T / d, "k": len(W)}
    for name, V in (("UC", W), ("C", change)):
        F, G = V.T @ V / d, V.T @ K @ V / d
        traces = {"rho numerator": np.sum(F * G), "rho first": np.sum(F * F), "rho second": np.sum(G * G)}
        measured |= {f"{name} {part}": value for part, value in traces.items()}
        measured[f"{name} rho"] = alignment(F, G)

    def predict(closed_form: ClosedForm) -> ClosedForm:
        of_change = evaluate({"Q of the change": closed_form["Q of the change"]}, values)
        rho = {"rho": closed_form["rho"]}
        now = evaluate(rho, {**values, "Q": values["Q_t"]})
        moved = evaluate(rho, {**values, "Q": measured["Q of the change"]})
        return {
            **of_change,
            **{f"UC {name}": value for name, value in now.items()},
            **{f"C {name}": value for name, value in moved.items()},
        }

    return identity(trial, measured, predict)


CHECKS = (Check("sgd.overlap_alignments", "a tanh network and other initial weights", "identity", _overlaps),)
