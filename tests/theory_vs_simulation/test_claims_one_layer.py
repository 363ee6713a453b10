"""Claims about one layer against the networks of `numerics`: identities to 1e-10, expansions by order, averages by z.

Every comparison has a twin: each mutant of the claim (a coefficient off by 2 percent or of the wrong sign, a term
dropped) is refused by the same comparison.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from derivations.forms.evaluation import numeric_function
from derivations.mutation.mutants import coefficient_mutants
from nfa_theory import MLP, alignment, claims, features, simulate
from numerics import measure_layer, pre_activation_tangent_kernel, ptf_covariances
from numerics.networks.backpropagation import tangent_features, weight_gradients
from numerics.optimizers import Descent

LAYERS = (1, 2, 3)
NETS = {
    "relu": MLP((5, 7, 6, 8, 3), activation="relu"),
    "erf, he": MLP((5, 7, 6, 8, 3), activation="erf", parametrization="he"),
    "tanh, biases": MLP((5, 7, 6, 8, 3), activation="tanh", bias=True, bias_std=0.3),
}
CASES = list(itertools.product(NETS, LAYERS))


class Run:
    """One network with data, and what `numerics` says of one of its layers."""

    def __init__(self, net, layer, seed=0, n=9):
        rng = np.random.default_rng(seed)
        self.net, self.layer = net, layer
        self.X, self.Y = rng.standard_normal((n, net.inputs)), rng.standard_normal((n, net.outputs))
        self.start = net.initialize(rng)
        self.activity = net.forward(self.X, self.start)
        self.W = self.start.weights[layer - 1]

    def values(self):
        n, c = self.Y.shape
        D = dict(tangent_features(self.net, self.start, self.activity))[self.layer].reshape(n * c, -1)
        r = (self.Y - self.activity.outputs).reshape(-1, 1)
        Z, T, multiplier = self.activity.inputs[self.layer - 1], np.repeat(np.eye(n), c, axis=0), self.multiplier
        K = ptf_covariances(self.X, self.net, self.start)[self.layer - 1]
        kappa = pre_activation_tangent_kernel(self.X, self.net, self.start, layer=self.layer).reshape(n * c, n * c)
        sizes = {"n": n, "N": n * c, "k": self.W.shape[0], "m": self.W.shape[1]}
        arrays = {"W": self.W, "D": D, "r": r, "Z": Z, "T": T, "K": K, "kappa": kappa, "S": Z @ Z.T}
        return {**arrays, **sizes, "gamma": multiplier, "J": multiplier * D @ self.W}

    @property
    def multiplier(self):
        return self.net.scaling(self.layer).multiplier

    def gradient(self, rows=slice(None)):
        activity = self.net.forward(self.X[rows], self.start)
        misses = activity.outputs - self.Y[rows]
        return weight_gradients(self.net, self.start, activity, misses / len(misses)).weights[self.layer - 1]


def agrees(value, measured, relative):
    scale = np.max(np.abs(measured))
    return np.allclose(value, measured, rtol=relative, atol=relative * scale)


def assert_claim(name, quantity, measured, values, relative=1e-10):
    closed_form = claims[name].closed_form
    assert agrees(claims[name].function(**values)[quantity], measured, relative)
    wrong = list(coefficient_mutants({quantity: closed_form[quantity]}))
    survivors = [
        mutant.description
        for mutant in wrong
        if agrees(numeric_function(mutant.closed_form)(**values)[quantity], measured, relative)
    ]
    assert survivors == []


@pytest.mark.parametrize(("net", "layer"), CASES)
def test_agop_is_the_sandwich_of_the_tangent_covariance(net, layer):
    run = Run(NETS[net], layer)
    measured = features(run.X, run.net, run.start, layer=layer)
    assert_claim("identities.factorization", "G", measured.agop, run.values())


@pytest.mark.parametrize("layer", LAYERS)
def test_uc_nfa_from_left_singular_vectors(layer):
    run = Run(NETS["relu"], layer)
    measured = features(run.X, run.net, run.start, layer=layer)
    U, s, Vt = np.linalg.svd(run.W, full_matrices=False)
    values = {"s": np.diag(s), "M": U.T @ measured.ptf_covariance @ U, "V": Vt.T, "gamma": run.multiplier}
    rho = alignment(measured.nfm, measured.agop)
    assert_claim("identities.left_singular_form", "rho", rho, values)


def test_decomposition_has_the_measured_shares():
    rng = np.random.default_rng(1)
    W0, dW, B = rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), rng.standard_normal((6, 6))
    W, K = W0 + dW, B @ B.T
    measured = measure_layer(W, W0, K).decomposition
    whole = np.linalg.norm(W.T @ W) * np.linalg.norm(W.T @ K @ W)
    parts = ("initial", "cross", "centered")
    for (i, first), (j, second) in itertools.product(enumerate(parts), enumerate(parts)):
        values = {"W0": W0, "dW": dW, "K": K}
        assert_claim("identities.decomposition", f"{first}-{second}", measured[i, j] * whole, values)


@pytest.mark.parametrize(("net", "layer"), CASES)
def test_weights_start_against_the_gradient(net, layer):
    run = Run(NETS[net], layer)
    assert_claim("early.weight_change", "dW", -run.gradient(), {**run.values(), "t": 1.0})


def early_c_nfa(run, time):
    """Take a small step and measure with the covariance at the weights reached."""
    record = simulate(
        run.X,
        run.Y,
        run.net,
        steps=1,
        learning_rate=time,
        optimizer="gd",
        initial_weights=run.start,
        measure=[1],
    )
    return float(record.c_nfa.sel(layer=run.layer, step=1).squeeze())


def converges(errors):
    """Tell whether halving the time halves the error: first order, with nothing left at time zero."""
    return abs(errors[1]) < 0.02 and abs(errors[0] / errors[1] - 2) < 0.2


@pytest.mark.parametrize(("net", "layer"), [case for case in CASES if case[0] != "relu"])
def test_early_c_nfa_converges_to_the_claim_at_first_order(net, layer):
    run = Run(NETS[net], layer, seed=2)
    claim = claims["early.centered_features"]
    values = claim.function(**run.values())
    measured = np.array([early_c_nfa(run, time) for time in (2e-3, 1e-3)])
    assert converges(measured - values["C-NFA"])
    given = {"P": values["P"], "Q": values["Q"], "S": run.values()["S"]}
    for mutant in coefficient_mutants({"C-NFA": claim.closed_form["C-NFA"]}):
        assert not converges(measured - numeric_function(mutant.closed_form)(**given)["C-NFA"]), mutant.description


def test_averages_over_batches():
    run, name = Run(MLP((5, 7, 1), activation="erf"), 1, n=6), "early.one_batch"
    values = run.values()
    pairs = []
    for batch in itertools.combinations(range(6), 4):
        dW = -run.gradient(list(batch))
        pairs.append((dW.T @ dW, dW.T @ values["K"] @ dW))
    kernels = claims["early.centered_features"].function(**values)
    given = {**claims[name].function(n=6, b=4), **{each: kernels[each] for each in "PQ"}, "S": values["S"]}
    front = {"gamma": run.multiplier, "eta": 1.0, "b": 4, "n": 6, "Z": values["Z"]}
    assert_claim(name, "E F_c", np.mean([F for F, _ in pairs], axis=0), {**given, **front})
    assert_claim(name, "E G_c", np.mean([G for _, G in pairs], axis=0), {**given, **front})
    FG, FF, GG = (np.mean([np.sum(a * b) for a, b in each]) for each in _products(pairs))
    assert_claim(name, "ratio of averages", FG / np.sqrt(FF * GG), given)


def _products(pairs):
    return [(F, G) for F, G in pairs], [(F, F) for F, _ in pairs], [(G, G) for _, G in pairs]


def epoch_of_sgd(run, step):
    """Return the C-NFA after one epoch of three batches."""
    record = simulate(
        run.X,
        run.Y,
        run.net,
        learning_rate=step,
        batch_size=3,
        optimizer=Descent(sample_order=np.arange(9)[None, ::-1]),
        initial_weights=run.start,
        measure=[3],
    )
    return float(record.c_nfa.sel(layer=run.layer, step=3).squeeze())


@pytest.mark.parametrize("layer", LAYERS)
def test_c_nfa_after_an_epoch_is_that_of_the_full_gradient(layer):
    run = Run(NETS["tanh, biases"], layer, seed=3)
    predicted = claims["early.centered_features"].function(**run.values())["C-NFA"]
    errors = np.array([epoch_of_sgd(run, step) for step in (6e-4, 3e-4)]) - predicted
    assert converges(errors)
    assert not converges(errors + 0.02 * predicted)


FALSE_ALARM = 1e-6


def test_uc_nfa_at_initialization_of_a_linear_network():
    # K of the first layer depends on the readout alone. Three z-tests at 1e-6 together; the twins (2 percent) are seen.
    net, draws, rng = MLP((40, 12, 12), activation="linear"), 10_000, np.random.default_rng(4)
    readout = net.initialize(rng).weights[1]
    X = rng.standard_normal((3, 40))
    traces = []
    for _ in range(draws):
        weights = (net.initialize(rng).weights[0], readout)
        F = weights[0].T @ weights[0]
        K = readout.T @ readout * net.scaling(2).multiplier ** 2
        G = weights[0].T @ K @ weights[0]
        traces.append((np.sum(F * G), np.sum(F * F), np.sum(G * G)))
    np.testing.assert_allclose(features(X, net, weights, layer=1).agop, G * net.scaling(1).multiplier ** 2, rtol=1e-10)
    ratio = claims["identities.initial_uc_nfa"].closed_form["UC-NFA"]
    parts = numeric_function({"FG": ratio.numerator, "FF": ratio.first, "GG": ratio.second})(K=K, k=12, m=40)
    bound = stats.norm.isf(FALSE_ALARM / 6)
    for sample, predicted in zip(np.transpose(traces), parts.values(), strict=True):
        error = np.std(sample) / np.sqrt(draws)
        assert 0.02 * predicted > (bound + stats.norm.isf(0.01)) * error  # a 2 percent error is seen with chance 0.99
        assert abs(np.mean(sample) - predicted) < bound * error
        assert abs(np.mean(sample) - 1.02 * predicted) > bound * error


@pytest.mark.parametrize(("net", "layer"), CASES)
def test_fact_at_the_decay_that_makes_a_point_stationary(net, layer):
    # Off stationarity both sides differ by W^T times the gradient of loss and decay, which backpropagation gives.
    run = Run(NETS[net], layer, seed=5)
    decay = 0.3
    off = run.W.T @ (run.gradient() + decay * run.W)
    assert_claim("identities.fact", "decay F", decay * run.W.T @ run.W - off, run.values())
