"""Early features of low-rank teachers on finitely many samples: how they answer to one more."""

from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.label_moments import TEACHERS, label_moment
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

FINITE = "data.feature_quality_samples"


TRACELESS = ((1.0, 0.5, -1.5), (0.6, -1.0, 0.4))


NOISES = (0.7, 0.4)
"""Variances of the noise in the labels."""


STEPS = tuple(0.004 / 2**i for i in range(4))


def _pair(trial: Trial) -> Judge:
    """Turn two upper eigenvectors by small changes, and add up over the pairs of directions."""
    levels = np.diag(np.array([3.0, 2.2, 0.9, 0.1]) + trial.rng.uniform(-0.05, 0.05, 4))
    change = trial.rng.standard_normal((4, 4))
    change = change + change.T
    lost = []
    for step in STEPS:
        upper = np.linalg.eigh(levels + step * change)[1][:, 2:]
        lost.append(np.sum(upper[2:] ** 2))

    def predict(form: ClosedForm, step: float) -> ClosedForm:
        pairs = [{"m": step * change[i, j], "g_i": levels[i, i], "g_j": levels[j, j]} for i in (0, 1) for j in (2, 3)]
        return {"pair": sum(evaluate({"pair": form["pair"]}, each)["pair"] for each in pairs)}

    return order(trial, STEPS, {"pair": lost}, predict, {"pair": 1})


def _one_sample(trial: Trial, noise: float) -> Judge:
    """Give each possible sample a little more weight, and see how ``A B A`` answers: the variance of that, over n.

    Gaussian nodes stand for the inputs, of which the teacher ignores the last, and for the noise in the label.
    """
    general, special = (
        np.concatenate([_fluctuations(np.array(strengths), noise) for strengths in teachers], axis=1)
        for teachers in (TEACHERS, TRACELESS)
    )
    measured = {"fluctuation": general[0], "share": general[1], "traceless": special[1]}

    def predict(form: ClosedForm) -> ClosedForm:
        both = evaluate({name: form[name] for name in ("fluctuation", "share")}, _values(TEACHERS, noise))
        return both | evaluate({"traceless": form["traceless"]}, _values(TRACELESS, noise))

    def call(function: Any) -> ClosedForm:
        return {"overlap": np.array([function(q=pair, d=3, n=1000, noise=noise)["overlap"] for pair in TEACHERS])}

    lost = np.sum(np.reshape(general[1], (len(TEACHERS), 2)), axis=1) / 1000  # to the third input, of both directions
    of_function, evaluated = named({"overlap": 1 - lost / 2}), by_function(FINITE, call)
    judge = identity(trial, measured, predict, "exact average")
    return both(judge, identity(trial, of_function, evaluated, "exact average"))


def _values(teachers: Any, noise: float) -> dict[str, Any]:
    """List every direction of every teacher."""
    q = np.array(teachers)
    each = np.ones(q.shape)
    tau, squares = (np.sum(q**power, axis=1, keepdims=True) * each for power in (1, 2))
    return {"q": q.ravel(), "tau": tau.ravel(), "s_2": squares.ravel(), "v": noise}


def _fluctuations(strengths: Any, noise: float) -> Any:
    """Return fluctuation, and its share of the squared gap, for every direction of a teacher."""
    size = len(strengths)
    nodes, weights = gaussian_nodes(size + 2, degree=8)
    x = nodes[:, :-1]
    labels = x[:, :size] ** 2 @ strengths + np.sqrt(noise) * nodes[:, -1]
    A, B = label_moment(weights, labels, x), label_moment(weights, np.ones(len(x)), x)
    one = x[:, :, None] * x[:, None, :]
    towards = labels[:, None, None] * one - A, one - B
    steps = np.arange(-1.5, 2.0)
    along = [(A + s * towards[0]) @ (B + s * towards[1]) @ (A + s * towards[0]) for s in steps]  # a cubic in s
    slope = np.linalg.inv(np.vander(steps, increasing=True))[1]
    answer = np.tensordot(slope, along, axes=1)[:, :size, size]
    fluctuation = weights @ answer**2
    levels = np.diag(A @ B @ A)
    return np.array([fluctuation, fluctuation / (levels[:size] - levels[size]) ** 2])


CHECKS = (
    Check(FINITE, "eigenvectors of a changed matrix", "order", _pair),
    *(
        Check(FINITE, f"answer to every sample, noise {v}", "exact average", partial(_one_sample, noise=v))
        for v in NOISES
    ),
)
