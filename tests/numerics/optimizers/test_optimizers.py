"""Every optimizer against its definition, written out once more on plain lists of matrices."""

import warnings

import numpy as np
import pytest
from orders import observed_order
from scipy.linalg import expm, polar

from numerics import MLP, InputError, Parameters, initial_parameters, simulate
from numerics.optimizers import (
    Adam,
    AdamW,
    Descent,
    GradientFlow,
    Momentum,
    Muon,
    SignDescent,
    SpeedLimited,
    Step,
    favor_layer,
    find_optimizer,
)
from numerics.optimizers.learning_rates import cosine_decay, linear_decay, step_decay

RATES = (0.3, 0.1)


class Quadratic:
    """The loss ``sum (W - target)^2 / 2`` of two layers, for two networks side by side."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.targets = [rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 1, 3))]
        self.start = [rng.standard_normal(T.shape) for T in self.targets]

    def __call__(self, parameters):
        differences = [W - T for W, T in zip(parameters.weights, self.targets, strict=True)]
        values = sum((D**2).sum(axis=(1, 2)) / 2 for D in differences)
        return values, Parameters(tuple(differences))


def gd(W, g, rate, memory, number):
    return W - rate * g


def momentum(W, g, rate, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return W - rate * memory["v"]


def nesterov(W, g, rate, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return W - rate * (g + 0.9 * memory["v"])


def adam(W, g, rate, memory, number):
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
    memory["s"] = 0.999 * memory.get("s", 0.0) + 0.001 * g * g
    m, s = memory["m"] / (1 - 0.9**number), memory["s"] / (1 - 0.999**number)
    return W - rate * m / (np.sqrt(s) + 1e-8)


def adamw(W, g, rate, memory, number):
    return adam(W * (1 - rate * 0.3), g, rate, memory, number)


def sign(W, g, rate, memory, number):
    return W - rate * np.sign(g)


def signum(W, g, rate, memory, number):
    memory["m"] = 0.8 * memory.get("m", 0.0) + 0.2 * g
    return W - rate * np.sign(memory["m"])


def muon(nesterov, factor):
    def rule(W, g, rate, memory, number):
        memory["m"] = m = 0.95 * memory.get("m", 0.0) + 0.05 * g
        return W - rate * np.stack([factor(A) for A in (0.05 * g + 0.95 * m if nesterov else m)])

    return rule


def leading(A):
    """One singular direction, by powers of the square."""
    v = np.ones(A.shape[1])
    for _ in range(2000):
        v = A.T @ (A @ v)
        v /= np.linalg.norm(v)
    return np.outer(A @ v, v) / np.linalg.norm(A @ v)


def quintic(A):
    """The iteration of the public code on singular values, which is all it changes."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    s = s / np.linalg.norm(A)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return U @ np.diag(s) @ Vt


def slo(speed):
    def rule(W, g, rate, memory, number):
        norms = np.sqrt((g**2).sum(axis=(1, 2), keepdims=True))
        return W - rate * speed * g / norms

    return rule


def flow(W, g, rate, memory, number):
    return W - (1 - np.exp(-rate)) * g  # of this quadratic loss, exactly


CASES = {
    "gd": (Descent(), [gd, gd]),
    "momentum": (Momentum(), [momentum, momentum]),
    "nesterov": (Momentum(nesterov=True), [nesterov, nesterov]),
    "adam": (Adam(), [adam, adam]),
    "adamw": (AdamW(decoupled_decay=0.3), [adamw, adamw]),
    "sign": (SignDescent(), [sign, sign]),
    "signum": (SignDescent(0.8), [signum, signum]),
    "muon": (Muon(nesterov=False), [muon(False, lambda A: polar(A)[0])] * 2),
    "muon, nesterov": (Muon(), [muon(True, lambda A: polar(A)[0])] * 2),
    "muon, one direction": (Muon(rank=1), [muon(True, leading)] * 2),
    "muon, newton-schulz": (Muon(method="newton_schulz"), [muon(True, quintic)] * 2),
    "slo": (SpeedLimited([2.0, 0.5]), [slo(2.0), slo(0.5)]),
    "flow": (GradientFlow(), [flow, flow]),
}


def compare(optimizer, rules, wrong=0.0, steps=5):
    loss = Quadratic()
    parameters = Parameters(tuple(W.copy() for W in loss.start))
    state, weights, memories = optimizer.start(parameters), [W.copy() for W in loss.start], [{}, {}]
    for number in range(1, steps + 1):
        expected, gradients = loss(Parameters(tuple(weights)))
        values = optimizer.advance(loss, parameters, state, Step(number, RATES))
        np.testing.assert_allclose(values, expected, rtol=1e-8)
        weights = [
            rule(W, g, rate * (1 + wrong), memory, number)
            for rule, W, g, rate, memory in zip(rules, weights, gradients.weights, RATES, memories, strict=True)
        ]
    for ours, theirs in zip(parameters.weights, weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_the_steps_are_those_of_the_definition(case):
    compare(*CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_a_rate_wrong_by_two_percent_is_refused(case):
    with pytest.raises(AssertionError):
        compare(*CASES[case], wrong=0.02)


def test_gradient_flow_of_a_linear_network_with_fixed_readout_is_an_exponential():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((12, 3)), rng.standard_normal((12, 1))
    a = np.ones((1, 2))
    net = MLP((3, 2, 1), "linear", parametrization="lecun")
    W0 = rng.standard_normal((2, 3))
    flow = GradientFlow(layer_rates=[1, 0])
    record = simulate(X, y, net, steps=3, learning_rate=0.4, optimizer=flow, measure=1, initial_weights=[W0, a])
    S, b, beta = X.T @ X / 12, X.T @ y[:, 0] / 12, a[0] @ W0
    for step in range(4):
        decay = expm(-2 * S * 0.4 * step)  # d beta / dt = |a|^2 (b - S beta), |a|^2 = 2
        effective = decay @ beta + (np.eye(3) - decay) @ np.linalg.solve(S, b)
        loss = ((X @ effective - y[:, 0]) ** 2).sum() / 24
        assert record.loss.values[0, step] == pytest.approx(loss, rel=1e-9)


def test_gradient_descent_approaches_the_flow_at_first_order():
    rng = np.random.default_rng(2)
    X, net = rng.standard_normal((20, 3)), MLP((3, 5, 1), "tanh")
    y = X[:, :1] * X[:, 1:2]
    end = simulate(X, y, net, steps=1, learning_rate=1.0, optimizer="flow", measure=1).loss.values[0, -1]
    gaps = [
        abs(simulate(X, y, net, steps=n, learning_rate=1 / n, optimizer="gd", measure=n).loss.values[0, -1] - end)
        for n in (50, 100, 200)
    ]
    orders = observed_order(gaps)
    np.testing.assert_allclose(orders, 1.0, atol=0.05)


def test_weight_decay_adds_the_gradient_of_the_penalty():
    rng = np.random.default_rng(3)
    X, net = rng.standard_normal((10, 3)), MLP((3, 4, 1), "linear", parametrization="lecun")
    y, decay, rate = X[:, :1], 0.3, 0.1
    weights = initial_parameters(net, 0).weights
    record = simulate(X, y, net, steps=1, learning_rate=rate, optimizer=Descent(True, weight_decay=decay), measure=1)
    W, A = weights
    R = X @ W.T @ A.T - y
    W1 = W - rate * (A.T @ R.T @ X / 10 + decay * W)
    A1 = A - rate * (R.T @ X @ W.T / 10 + decay * A)
    assert record.loss.values[0, 1] == pytest.approx(((X @ W1.T @ A1.T - y) ** 2).sum() / 20, rel=1e-12)
    change = np.linalg.norm(W1 - W) / np.linalg.norm(W1)
    assert record.relative_weight_change.values[0, 1, 0] == pytest.approx(change, rel=1e-10)


def test_layer_rates_scale_each_layers_step():
    X = np.random.default_rng(4).standard_normal((10, 3))
    options = {"steps": 1, "measure": 1, "learning_rate": 0.01}
    one = simulate(X, X[:, :1], MLP((3, 4, 4, 1)), **options).relative_weight_change.values[0, 1]
    other = simulate(X, X[:, :1], MLP((3, 4, 4, 1)), optimizer=Descent(layer_rates=[1.0, 0.0, 1.0]), **options)
    assert other.relative_weight_change.values[0, 1, 0] == one[0] > 0
    assert other.relative_weight_change.values[0, 1, 1] == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slo_does_not_move_where_the_gradient_is_zero_and_moves_by_its_speed_where_it_is_tiny(dtype):
    X = np.abs(np.random.default_rng(5).standard_normal((8, 3))).astype(dtype)
    net = MLP((3, 4, 1))
    dead = [-np.ones((4, 3), dtype), np.ones((1, 4), dtype)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        record = simulate(X, X[:, :1], net, steps=2, optimizer="slo:1", initial_weights=dead, measure=1)
    assert not record.relative_weight_change.values.any()
    tiny = Parameters((np.full((1, 2, 2), 1e-30, dtype),))
    parameters = Parameters((np.zeros((1, 2, 2), dtype),))
    SpeedLimited([1.0]).advance(lambda _: (np.ones(1), tiny), parameters, [], Step(1, [0.5]))
    np.testing.assert_allclose(parameters.weights[0], -0.25, rtol=1e-6)


def test_slo_counts_weights_and_bias_of_a_layer_as_one_vector():
    rng = np.random.default_rng(6)
    gradients = Parameters((rng.standard_normal((1, 2, 3)),), (rng.standard_normal((1, 2)),))
    parameters = Parameters((np.zeros((1, 2, 3)),), (np.zeros((1, 2)),))
    moved = Parameters((gradients.weights[0].copy(),), (gradients.biases[0].copy(),))
    SpeedLimited([1.0]).advance(lambda _: (np.ones(1), moved), parameters, [], Step(1, [1.0]))
    norm = np.sqrt((gradients.weights[0] ** 2).sum() + (gradients.biases[0] ** 2).sum())
    np.testing.assert_allclose(parameters.weights[0], -gradients.weights[0] / norm)
    np.testing.assert_allclose(parameters.biases[0], -gradients.biases[0] / norm)


def test_muon_moves_along_a_bias_and_not_where_the_gradient_is_zero_or_rounding():
    """A polar factor of a rank below the size has no other singular directions, and none of zero."""
    rng = np.random.default_rng(8)
    thin = np.outer(rng.standard_normal(5), rng.standard_normal(4))
    gradients = Parameters((np.stack([thin * 1e-200, np.zeros((5, 4))]),), (np.array([[3.0, 4, 0, 0, 0], [0.0] * 5]),))
    for method, least in (("exact", 1.0), ("newton_schulz", 0.68)):
        parameters = Parameters((np.zeros((2, 5, 4)),), (np.zeros((2, 5)),))
        Muon(0.0, method=method).advance(lambda _: (np.ones(2), gradients), parameters, [], Step(1, [1.0]))
        W, b = parameters.weights[0], parameters.biases[0]
        values = np.linalg.svd(W[0], compute_uv=False)
        assert least - 1e-12 < values[0] < 1.21
        assert values[1] < 1e-12
        np.testing.assert_allclose(b[0] / np.linalg.norm(b[0]), [-0.6, -0.8, 0, 0, 0], atol=1e-12)
        assert not W[1].any()
        assert not b[1].any()


NET = MLP((3, 4, 4, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: find_optimizer("sdg", NET), "unknown optimizer 'sdg'; did you mean 'sgd'?"),
        (lambda: find_optimizer(3, NET), "optimizer must be a name or an optimizer, got 3"),
        (lambda: find_optimizer("slo", NET), "optimizer slo needs the favored layer, as in 'slo:1', got 'slo'"),
        (lambda: find_optimizer("slo:4", NET), "layer must be an integer from 1 to 3, got 4"),
        (lambda: find_optimizer("sgd:2", NET), "optimizer sgd takes no number, got 'sgd:2'"),
        (lambda: find_optimizer("momentum:x", NET), "momentum must be a finite number, got 'x'"),
        (lambda: find_optimizer("muon:fast", NET), "momentum must be a finite number, got 'fast'"),
        (lambda: find_optimizer("adamw:-1", NET), "decoupled_decay must be a finite number of at least 0, got -1"),
        (lambda: SignDescent(1.0), "momentum must be a finite number of at least 0 and below 1, got 1.0"),
        (lambda: Muon(method="qr"), "unknown method 'qr'"),
        (lambda: Muon(rank=0), "rank must be an integer of at least 1, got 0"),
        (lambda: Muon(method="newton_schulz", rank=2), "rank is for the exact polar factor, got rank=2"),
        (lambda: Momentum(1.0), "momentum must be a finite number of at least 0 and below 1, got 1.0"),
        (lambda: Adam(first_decay=1.0), "first_decay must be a finite number of at least 0 and below 1, got 1.0"),
        (lambda: Adam(epsilon=0.0), "epsilon must be positive, got 0.0"),
        (lambda: SpeedLimited([0.0, 0.0]), "speeds must be finite numbers from 0, not all of them 0, got"),
        (lambda: SpeedLimited([1.0, -1.0]), "speeds must be finite numbers from 0, not all of them 0, got"),
        (lambda: SpeedLimited("ab"), "speeds must be one number per layer, got 'ab'"),
        (
            lambda: find_optimizer(SpeedLimited([1.0]), NET),
            r"speeds must have one number per layer \(3 with the readout\)",
        ),
        (lambda: GradientFlow(rtol=0.0), "rtol must be positive, got 0.0"),
        (lambda: GradientFlow(method="RK4"), "unknown method 'RK4'; did you mean 'RK45'?"),
        (lambda: linear_decay(0.0), "peak must be positive, got 0.0"),
        (lambda: cosine_decay(1.0, 2.0), "final must be a finite number of at least 0 and at most 1.0, got 2.0"),
        (lambda: step_decay(1.0, 0.1, 0.0), "every must be a finite number above 0 and at most 1, got 0.0"),
        (lambda: Descent(weight_decay=-1), "weight_decay must be a finite number of at least 0, got -1"),
        (lambda: find_optimizer(Adam(layer_rates=[1]), NET), "layer_rates must have one number per layer"),
        (lambda: GradientFlow(layer_rates=[1, -1, 1]), "layer_rates must be a finite number of at least 0, got -1"),
    ],
)
def test_bad_settings_are_answered_in_one_line(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_presets_and_schedules():
    assert favor_layer(NET, 2, 0.0).speeds == (0.0, 1.0, 0.0)
    assert str(find_optimizer("momentum:0.5", NET)) == "momentum:0.5"
    np.testing.assert_allclose(linear_decay(1.0, warmup=0.5)(4), [1 / 3, 2 / 3, 1.0, 0.5])
    assert linear_decay(1.0)(0).size == 0
    X = np.random.default_rng(7).standard_normal((10, 3))
    given = simulate(X, X[:, :1], NET, steps=4, learning_rate=linear_decay(0.1)(4))
    named = simulate(X, X[:, :1], NET, steps=4, learning_rate=linear_decay(0.1))
    assert given.identical(named)
