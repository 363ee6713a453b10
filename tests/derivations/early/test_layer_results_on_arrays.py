"""Closed forms about one layer against networks run in a few NumPy lines: a tanh layer with several outputs.

Each comparison has a twin: every mutant of the closed form (a coefficient changed by 2 percent or in sign, a term
dropped) is farther from the simulation than the tolerance.
"""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from derivations.forms.evaluation import numeric_function
from derivations.mutation.mutants import coefficient_mutants
from derivations.registry import get_derivation

GAMMA = 0.4


class Net:
    """Outputs ``f = tanh(gamma W z) A^T`` on n samples."""

    def __init__(self, seed, n=6, c=2, m=3, k=5):
        rng = np.random.default_rng(seed)
        self.Z, self.Y = rng.standard_normal((n, m)), rng.standard_normal((n, c))
        self.W, self.A = rng.standard_normal((k, m)), rng.standard_normal((c, k))

    def outputs(self, W, Z):
        return np.tanh(GAMMA * Z @ W.T) @ self.A.T

    def loss(self, W, batch=slice(None)):
        return 0.5 * np.mean(np.sum((self.Y - self.outputs(W, self.Z))[batch] ** 2, axis=1))

    def gradient(self, W, batch=slice(None)):
        Z, Y = self.Z[batch], self.Y[batch]
        back = (self.outputs(W, Z) - Y) @ self.A * (1 - np.tanh(GAMMA * Z @ W.T) ** 2)
        return GAMMA * back.T @ Z / len(Z)

    def tangent(self, W):
        """Rows are pairs (sample, output)."""
        slope = 1 - np.tanh(GAMMA * self.Z @ W.T) ** 2
        return (slope[:, None, :] * self.A).reshape(-1, W.shape[0])

    def values(self, W=None):
        W = self.W if W is None else W
        n, c = self.Y.shape
        # A mutant may have lost its only term, and then no matrix tells the shape.
        sizes = {"n": n, "N": n * c, "k": W.shape[0], "m": W.shape[1]}
        D, r = self.tangent(W), (self.Y - self.outputs(W, self.Z)).reshape(-1, 1)
        T = np.repeat(np.eye(n), c, axis=0)
        values = {"W": W, "Z": self.Z, "X": T @ self.Z, "T": T, "D": D, "r": r, "K": D.T @ D / n, "kappa": D @ D.T}
        return {**values, "S": self.Z @ self.Z.T, "J": GAMMA * D @ W, "gamma": GAMMA, **sizes}


def slopes(function, x, step=1e-5):
    """Central differences of a vector of outputs along each coordinate."""
    moves = step * np.eye(x.size).reshape(x.size, *x.shape)
    return np.stack([(function(x + move) - function(x - move)) / (2 * step) for move in moves], axis=-1)


def cosine(A, B):
    return np.sum(A * B) / np.linalg.norm(A) / np.linalg.norm(B)


def survivors(name, quantity, measured, values, relative):
    """Describe the mutants of one quantity that lie within the tolerance."""
    closed_form = {quantity: get_derivation(name).closed_form[quantity]}
    close = []
    for mutant in coefficient_mutants(closed_form):
        value = numeric_function(mutant.closed_form)(**values)[quantity]
        if np.allclose(value, measured, rtol=relative, atol=relative * np.max(np.abs(measured))):
            close.append(mutant.description)
    return close


def assert_measured(name, quantity, measured, values, relative):
    predicted = get_derivation(name).function(**values)[quantity]
    np.testing.assert_allclose(predicted, measured, rtol=relative, atol=relative * np.max(np.abs(measured)))
    assert survivors(name, quantity, measured, values, relative) == []


def test_jacobians_and_agop_are_those_of_finite_differences():
    net = Net(0)
    J = np.concatenate([slopes(lambda z: net.outputs(net.W, z[None])[0], z) for z in net.Z])
    assert_measured("identities.factorization", "J", J, net.values(), 1e-8)
    assert_measured("identities.factorization", "G", J.T @ J / 6, net.values(), 1e-8)


def test_alignment_from_left_singular_vectors():
    net = Net(1)
    values = net.values()
    U, s, Vt = np.linalg.svd(net.W, full_matrices=False)
    J = np.concatenate([slopes(lambda z: net.outputs(net.W, z[None])[0], z) for z in net.Z])
    values = {"s": np.diag(s), "V": Vt.T, "M": U.T @ values["K"] @ U, "gamma": GAMMA}
    assert_measured("identities.left_singular_form", "rho", cosine(net.W.T @ net.W, J.T @ J), values, 1e-8)


def test_the_ansatz_is_exact_for_isotropic_tangent_features_only():
    rng = np.random.default_rng(2)
    s, noise = np.diag(rng.uniform(1, 2, 4)), rng.standard_normal((4, 4))
    rho = get_derivation("identities.left_singular_form").function
    values = {"s": s, "V": np.eye(4), "gamma": 1.0}
    assert rho(M=3 * np.eye(4), **values)["rho"] == pytest.approx(1, abs=1e-14)
    assert rho(M=3 * np.eye(4) + 0.1 * (noise + noise.T), **values)["rho"] < 1 - 1e-4


def test_weights_start_against_the_gradient_of_the_loss():
    net = Net(3)
    start = -slopes(lambda w: np.array([net.loss(w.reshape(5, 3))]), net.W.ravel())[0].reshape(5, 3)
    assert_measured("early.weight_change", "dW", start, {**net.values(), "t": 1.0}, 1e-8)


def c_nfa_of_flow(net, time, steps=8):
    """Integrate the gradient flow by Runge-Kutta steps and measure from the definitions."""
    W, h = net.W, time / steps
    for _ in range(steps):
        k1 = -net.gradient(W)
        k2 = -net.gradient(W + h / 2 * k1)
        k3 = -net.gradient(W + h / 2 * k2)
        k4 = -net.gradient(W + h * k3)
        W = W + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    dW, D = W - net.W, net.tangent(W)
    return cosine(dW.T @ dW, dW.T @ D.T @ D @ dW)


def leading(net, closed_form=None):
    values = net.values()
    parts = get_derivation("early.centered_features").closed_form
    kernels = numeric_function({each: parts[each] for each in "PQ"})(**values)
    rho = {"C-NFA": parts["C-NFA"]} if closed_form is None else closed_form
    return numeric_function(rho)(**kernels, S=values["S"])["C-NFA"]


def errors_in_time(net, predicted):
    return [c_nfa_of_flow(net, time) - predicted for time in (0.04, 0.02, 0.01)]


@pytest.mark.parametrize("seed", range(4, 8))
def test_error_of_the_early_c_nfa_is_of_first_order_in_time(seed):
    net = Net(seed)
    errors = errors_in_time(net, leading(net))
    # Richardson: what is left of the error at time zero is of second order.
    extrapolated = [2 * late - early for early, late in itertools.pairwise(errors)]
    assert abs(errors[2]) < 0.02
    assert abs(extrapolated[1]) < 0.35 * abs(extrapolated[0]) + 1e-9
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.2)


def test_wrong_early_c_nfas_do_not_converge():
    net = Net(4)
    rho = {"C-NFA": get_derivation("early.centered_features").closed_form["C-NFA"]}
    for mutant in coefficient_mutants(rho):
        errors = errors_in_time(net, leading(net, mutant.closed_form))
        assert not abs(errors[1] / errors[2] - 2) < 0.2, mutant.description


@pytest.mark.parametrize("quantity", ["F_c", "G_c"])
def test_centered_features_of_one_small_step(quantity):
    net = Net(9)
    values = {**net.values(), "t": 1.0}
    kernels = get_derivation("early.centered_features").closed_form
    values |= numeric_function({each: kernels[each] for each in "PQ"})(**values)
    dW = -net.gradient(net.W)
    measured = {"F_c": dW.T @ dW, "G_c": dW.T @ values["K"] @ dW}[quantity]
    assert_measured("early.centered_features", quantity, measured, values, 1e-10)


@pytest.mark.parametrize("quantity", ["P", "Q"])
def test_kernels_of_one_output_and_of_separate_outputs(quantity):
    rng = np.random.default_rng(10)
    D, R = rng.standard_normal((5, 4)), rng.standard_normal((5, 3))
    kappa = D @ D.T
    power = {"P": kappa, "Q": kappa @ kappa}[quantity]
    one = R[:, :1]
    assert_measured("early.one_output", quantity, one * power * one.T, {"r": one, "kappa": kappa, "n": 5}, 1e-12)
    several = sum(R[:, i : i + 1] * power * R[:, i] for i in range(3))
    values = {"R": R, "kappa0": kappa, "n": 5}
    assert_measured("early.separate_outputs", quantity, several, values, 1e-12)


def test_ratio_of_averages_over_all_batches():
    net, name = Net(11, c=1), "early.one_batch"
    values = net.values()
    traces = []
    for batch in itertools.combinations(range(6), 4):
        dW = -net.gradient(net.W, list(batch))
        F, G = dW.T @ dW, dW.T @ values["K"] @ dW
        traces.append((np.sum(F * G), np.sum(F * F), np.sum(G * G)))
    FG, FF, GG = np.mean(traces, axis=0)
    chances = get_derivation(name).function(n=6, b=4)
    r, kappa = values["r"], values["kappa"]
    kernels = {"P": r * kappa * r.T, "Q": r * (kappa @ kappa) * r.T, "S": values["S"]}
    assert_measured(name, "ratio of averages", FG / np.sqrt(FF * GG), {**kernels, **chances}, 1e-10)


def test_an_epoch_moves_the_weights_as_many_full_steps():
    net = Net(12)

    def epoch(step):
        W = net.W
        for batch in ([4, 1], [0, 5], [3, 2]):
            W = W - step * net.gradient(W, batch)
        return (W - net.W) / step

    first_order = 2 * epoch(1e-5) - epoch(2e-5)  # what remains is of second order
    values = {**net.values(), "b": 2, "eta": 1.0}
    assert_measured("early.epoch", "dW", first_order, values, 1e-7)


def test_every_part_of_the_decomposition():
    rng = np.random.default_rng(13)
    W0, dW, B = rng.standard_normal((4, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 4))
    K = B @ B.T
    F, G = ([X.T @ A @ X for X in (W0, dW)] + [W0.T @ A @ dW + dW.T @ A @ W0] for A in (np.eye(4), K))
    names = ("initial", "centered", "cross")
    for (i, Fi), (j, Gj) in itertools.product(zip(names, F, strict=True), zip(names, G, strict=True)):
        assert_measured("identities.decomposition", f"{i}-{j}", np.sum(Fi * Gj), {"W0": W0, "dW": dW, "K": K}, 1e-10)


def drawn_traces(rng, k, m, V, K, scale, draws):
    W = scale * rng.standard_normal((draws, k, m)) + V
    F = np.einsum("sam,san->smn", W, W)
    G = np.einsum("sam,ab,sbn->smn", W, K, W)
    return [np.sum(A * B, axis=(1, 2)) for A, B in ((F, G), (F, F), (G, G))]


FALSE_ALARM = 1e-6


@pytest.mark.parametrize(("name", "time"), [("identities.initial_uc_nfa", 0.0), ("identities.growth", 0.7)])
def test_averages_over_gaussian_weights(name, time):
    # Three z-tests in each of two cases at 1e-6 together; the twin is seen with more than 99 percent.
    rng = np.random.default_rng(14)
    k, m, scale = 6, 8, 1.3
    V, B = rng.standard_normal((k, m)), rng.standard_normal((k, k))
    K = B @ B.T / k
    ratio = get_derivation(name).closed_form["UC-NFA"]
    parts = {"FG": ratio.numerator, "FF": ratio.first, "GG": ratio.second}
    values = {"V": V, "K": K, "s": scale, "t": time, "k": k, "m": m}
    predicted = numeric_function(parts)(**values)
    drawn = drawn_traces(rng, k, m, time * V, K, scale, 100_000)
    factor = 1.0 if time else scale**-4  # the scale has cancelled in the initial value
    bound = stats.norm.isf(FALSE_ALARM / 12)
    for sample, value in zip(drawn, predicted.values(), strict=True):
        error = np.std(sample) / np.sqrt(len(sample)) * factor
        assert 0.02 * value > (bound + stats.norm.isf(0.01)) * error  # a 2 percent error is seen with chance 0.99
        distance = np.mean(sample) * factor - value
        assert abs(distance) < bound * error
        assert abs(distance - 0.02 * value) > bound * error


def test_value_at_initialization_is_the_ratio():
    rng = np.random.default_rng(15)
    B = rng.standard_normal((5, 5))
    K = B @ B.T
    found = get_derivation("identities.initial_uc_nfa").function(K=K, k=5, m=7, tr_K=np.trace(K), tr_K2=np.sum(K * K))
    assert found["value"] == pytest.approx(found["UC-NFA"], rel=1e-12)
    assert 1 - found["value"] ** 2 == pytest.approx(found["defect"], rel=1e-12)


def test_crossover_time_equates_initial_and_centered_part():
    net, scale = Net(16, c=1), 0.01
    values = net.values()
    r, kappa, K = values["r"], values["kappa"], values["K"]
    P, Q, S = r * kappa * r.T, r * (kappa @ kappa) * r.T, values["S"]
    symbols = {"tr_kappa": np.trace(kappa), "tr_PSQS": np.trace(P @ S @ Q @ S)}
    time = get_derivation("early.crossover").function(**symbols, s=scale, n=6, k=5, m=3, gamma=GAMMA)["time"]
    V = -net.gradient(net.W)
    centered = time**4 * np.trace(V.T @ V @ V.T @ K @ V)
    draws = drawn_traces(np.random.default_rng(17), 5, 3, 0 * V, K, scale, 200_000)[0]
    error = np.std(draws) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - centered) < stats.norm.isf(0.5e-6) * error
    assert abs(np.mean(draws) - 1.02**4 * centered) > stats.norm.isf(0.5e-6) * error


def test_nfm_at_a_trained_stationary_point():
    net, decay = Net(18), 0.05

    def objective(w):
        W = w.reshape(net.W.shape)
        return net.loss(W) + decay / 2 * np.sum(W**2), (net.gradient(W) + decay * W).ravel()

    trained = optimize.minimize(objective, net.W.ravel(), jac=True, method="BFGS", options={"gtol": 1e-11}).x
    W = optimize.root(lambda w: objective(w)[1], trained, tol=1e-14).x.reshape(net.W.shape)
    assert np.linalg.norm(W) > 0.1
    assert_measured("identities.fact", "decay F", decay * W.T @ W, net.values(W), 1e-8)
