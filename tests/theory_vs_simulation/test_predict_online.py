"""One-pass SGD, trained with fresh samples, against the closed equations of its overlaps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf

from nfa_theory.predict.online.committee import Erf, Quadratic
from nfa_theory.predict.online.prediction import overlaps_of, predict_online
from numerics.training.one_pass import OnePass

PHI = {
    "erf": (lambda z: erf(z / np.sqrt(2)), lambda z: np.sqrt(2 / np.pi) * np.exp(-z * z / 2)),
    "quadratic": (lambda z: z * z, lambda z: 2 * z),
}
D, RUNS = 400, 6
TIMES = np.array([0.5, 1.0, 2.0])
CASES = {
    "erf": {"learning_rate": 1.5, "batch_size": 1, "label_noise": 0.4, "readout_learning_rate": 0.2},
    "quadratic": {"learning_rate": 0.04, "batch_size": 1, "label_noise": 3.0},
}
SCATTER = {"erf": np.array([0.025, 0.003, 0.018]), "quadratic": np.array([0.008, 0.008, 0.15])}
"""Standard deviations of single runs of UC-NFA, C-NFA and loss at most, from eight runs with other seeds."""
BOUND = 5 / np.sqrt(RUNS)
"""In units of these: five standard errors of a mean, passed by chance once in 10^5 tests."""
A, V = np.array([1.0, -1.0, 0.7]), np.array([1.0, 0.5])


def rows(seed, count):
    """Orthogonalized rows of length sqrt(d), so that chance overlaps at the start do not differ between runs."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((D, count)))[0].T * np.sqrt(D)


def alignment(change, K):
    F, G = change.T @ change, change.T @ K @ change
    return np.sum(F * G) / np.linalg.norm(F) / np.linalg.norm(G)


def measured(activation, settings, seed):
    """Train once; measure feature matrices of size d, with tangent features at fresh inputs."""
    phi, slope = PHI[activation]
    start = rows(1, 5)
    W, T = start[:3] + 0.4 * start[3], start[3:]
    rng = np.random.default_rng([7, seed])
    run = OnePass(phi, slope, T, V, **settings)
    fresh = run.inputs(4000, rng)
    found = []
    for _, weights, readout in run.run(W, A, (TIMES * D).astype(int), rng):
        h = fresh @ weights.T / np.sqrt(D)
        tangents = slope(h) * readout
        K = tangents.T @ tangents / len(h)
        miss = run.labels(fresh) - phi(h) @ readout
        found.append((alignment(weights, K), alignment(weights - W, K), np.mean(miss**2) / 2))
    return np.array(found), overlaps_of(W, T)


@pytest.fixture(scope="module")
def runs():
    return {name: [measured(name, CASES[name], seed) for seed in range(RUNS)] for name in CASES}


def worst(prediction, name, found):
    """The largest deviation of the means over runs, in standard deviations of a run, of each of the three."""
    mean = np.mean([each for each, _ in found], axis=0)
    predicted = np.stack([prediction.uc_nfa, prediction.c_nfa, prediction.loss], axis=1)
    return np.max(np.abs(predicted - mean) / SCATTER[name], axis=0)


@pytest.mark.parametrize("name", sorted(CASES))
def test_alignments_and_loss_through_one_pass(name, runs):
    prediction = predict_online(runs[name][0][1], A, V, name, times=TIMES, **CASES[name])
    assert np.all(worst(prediction, name, runs[name]) < BOUND)


@pytest.mark.parametrize(("name", "committee"), [("erf", Erf), ("quadratic", Quadratic)])
def test_without_the_scatter_of_the_steps_the_prediction_is_refused(name, committee, runs, monkeypatch):
    whole = committee.moments
    monkeypatch.setattr(
        committee, "moments", lambda self, C, s, k: replace(whole(self, C, s, k), noise=np.zeros((k, k)))
    )
    settings = {**CASES[name], "label_noise": 0.0}
    flow = predict_online(runs[name][0][1], A, V, name, times=TIMES, **settings)
    assert np.any(worst(flow, name, runs[name]) > BOUND)
