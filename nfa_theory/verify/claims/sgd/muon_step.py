"""A step of Muon, taken by a network: its alignment against the features of descent, and against its tangent kernel."""

import numpy as np

from nfa_theory.verify.claims.sgd.first_step import aligned
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.instruments.step_taken import change_of_a_step
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.optimizers import Muon

CLAIM = "sgd.muon_step"


def _step(trial: Trial, n: int) -> Judge:
    layer = Layer.draw(MLP((8, 9, 7, 1), activation="tanh"), 1, trial.rng, n=n)
    g, at = layer.gradient(), layer.values()
    change, K = change_of_a_step(layer, Muon(0.0)), at["K"]
    # The kernel's features are n times as large: K has a factor 1/n.
    measured = aligned("from features", change, K) | aligned("from the kernel", change, n * K)
    values = {
        "F_inv": np.linalg.pinv(g.T @ g, rcond=1e-12, hermitian=True),
        "G": g.T @ K @ g,
        "kappa": at["kappa"],
        "n": n,
        "r": n,
        "m": g.shape[1],
    }
    return identity(trial, measured, values)


def _common(trial: Trial) -> Judge:
    """Let the tangent features of all samples share a part: readouts on samples are chosen, and the step is taken."""
    sizes = (3, 4, 6)
    measured: dict[str, list[float]] = {}
    alphas, betas = trial.rng.uniform(0.5, 2.0, 3), trial.rng.uniform(0.5, 2.0, 3)
    for n, alpha, beta in zip(sizes, alphas, betas, strict=True):
        kernel = alpha * np.eye(n) + beta
        D = np.linalg.cholesky(kernel) @ np.linalg.qr(trial.rng.standard_normal((9, 9)))[0][:n]
        g = D.T @ (trial.rng.choice((-1.0, 1.0), n)[:, None] * trial.rng.standard_normal((n, 8)))
        U, _, Vt = np.linalg.svd(g, full_matrices=False)
        for name, value in aligned("with a common part", U[:, :n] @ Vt[:n], D.T @ D).items():
            measured.setdefault(name, []).append(value)

    def predict(closed_form: ClosedForm) -> ClosedForm:
        found = [
            evaluate(closed_form, {"alpha": alpha, "beta": beta, "n": n})
            for n, alpha, beta in zip(sizes, alphas, betas, strict=True)
        ]
        return {name: np.array([each[name] for each in found]) for name in measured}

    return identity(trial, {name: np.array(each) for name, each in measured.items()}, predict)


CHECKS = (
    *at_sizes(CLAIM, "first layer of a tanh network", "identity", _step, grid(n=(3, 4, 5))),
    Check(CLAIM, "tangent features with a common part, three numbers of samples", "identity", _common),
)
