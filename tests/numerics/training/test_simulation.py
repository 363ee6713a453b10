"""Training: replayed in a transparent loop, reproducible, and clear about what it cannot do."""

import autograd.numpy as anp
import numpy as np
import pytest
import reference_network as reference
from autograd import grad

from numerics import MLP, DivergenceError, InputError, Measure, Parameters, initial_parameters, simulate
from numerics.optimizers import Descent


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((10, 3)), np.eye(2)[rng.integers(0, 2, 10)] - 0.5


def replay(X, Y, net, weights, biases, batches, rates, loss):
    """Train with automatic differentiation, one step after another; return the weights after each step."""
    factors, phi = reference.multipliers(net.parametrization, net.widths), reference.ACTIVATIONS[str(net.activation)]
    initial = ([W.copy() for W in weights], [b.copy() for b in biases])
    scale = net.widths[-2] if net.parametrization == "mup" else 1

    def objective(parameters, rows):
        f = reference.network(X[rows], *parameters, phi, factors)
        if net.zero_initial_function:
            f = f - reference.network(X[rows], *initial, phi, factors)
        if loss == "cross_entropy":
            P = anp.exp(f) / anp.exp(f).sum(axis=1, keepdims=True)
            return -(Y[rows] * anp.log(P)).sum() / len(rows)
        return ((f - Y[rows]) ** 2).sum() / (2 * len(rows)) if loss == "mse" else ((f - Y[rows]) ** 2).mean()

    history = [(list(weights), list(biases))]
    for rows, rate in zip(batches, rates, strict=True):
        old = history[-1]
        change = grad(objective)(old, rows)
        new = tuple(
            [p - scale * rate * g for p, g in zip(*pair, strict=True)] for pair in zip(old, change, strict=True)
        )
        history.append(new)
    return history


def expected_measurement(X, net, history, step, layer):
    """UC-NFA and C-NFA from m x m matrices and Jacobians by finite sums."""
    from autograd import jacobian

    weights, biases = history[step]
    factors, phi = reference.multipliers(net.parametrization, net.widths), reference.ACTIVATIONS[str(net.activation)]

    def outputs(shift, x):
        shifts = [np.zeros((1, k)) for k in net.widths[1:-1]]
        shifts[layer - 1] = shift
        return reference.network(x[None], weights, biases, phi, factors, shifts)[0]

    D = np.concatenate([jacobian(outputs)(np.zeros((1, net.widths[layer])), x)[:, 0, :] for x in X])
    K = D.T @ D / len(X)
    W, W0 = weights[layer - 1], history[0][0][layer - 1]

    def rho(A, B):
        return (A * B).sum() / np.sqrt((A * A).sum() * (B * B).sum())

    dW = W - W0
    return rho(W.T @ W, W.T @ K @ W), rho(dW.T @ dW, dW.T @ K @ dW), np.linalg.norm(dW) / np.linalg.norm(W)


@pytest.mark.parametrize("loss", ["mse", "mse_mean", "cross_entropy"])
@pytest.mark.parametrize(
    ("parametrization", "bias", "zero"),
    [("ntk", False, False), ("ntk", True, True), ("pytorch", True, False), ("mup", False, True)],
)
def test_every_step_is_the_step_of_a_transparent_replay(data, parametrization, bias, zero, loss):
    X, Y = data
    Y = Y + 0.5 if loss == "cross_entropy" else Y
    net = MLP((3, 5, 4, 2), "tanh", parametrization, bias=bias, zero_initial_function=zero)
    rng = np.random.default_rng(1)
    order = np.stack([rng.permutation(10) for _ in range(2)])
    batches = [row[i : i + 4] for row in order for i in (0, 4, 8)]
    rates = [0.3, 0.1, 0.0, 0.2, 0.5, 0.1]
    start = initial_parameters(net, 4)
    rule = Descent(sample_order=order)
    record = simulate(
        X, Y, net, learning_rate=rates, optimizer=rule, batch_size=4, initial_weights=start, loss=loss, measure=1
    )
    history = replay(X, Y, net, start.weights, start.biases, batches, rates, loss)
    assert record.step.values.tolist() == list(range(7))
    assert np.isnan(record.c_nfa[0, 0]).all()
    for step in (1, 3, 6):
        for layer in (1, 2):
            uc_nfa, c_nfa, change = expected_measurement(X, net, history, step, layer)
            here = record.sel(step=step, layer=layer, seed=0)
            assert float(here.uc_nfa) == pytest.approx(uc_nfa, abs=1e-11)
            assert float(here.c_nfa) == pytest.approx(c_nfa, abs=1e-8)
            assert float(here.relative_weight_change) == pytest.approx(change, rel=1e-9)


def test_the_replay_refuses_another_order(data):
    """The twin: swapping two batches is noticed."""
    X, Y = data
    net = MLP((3, 5, 4, 2), "tanh")
    start = initial_parameters(net, 4)
    order = np.arange(10).reshape(2, 5)
    rule = Descent(sample_order=order)
    record = simulate(X, Y, net, optimizer=rule, batch_size=5, initial_weights=start, learning_rate=0.3)
    history = replay(X, Y, net, start.weights, (), [order[1], order[0]], [0.3, 0.3], "mse")
    expected = expected_measurement(X, net, history, 2, 1)[0]
    assert abs(float(record.uc_nfa[0, -1, 0]) - expected) > 1e-6


def test_loss_and_accuracy_are_of_the_networks_function(data):
    X, Y = data
    net = MLP((3, 30, 2), "relu")
    start = initial_parameters(net, 0)
    record = simulate(X, Y, net, steps=0, initial_weights=start, measure=Measure(test=(X[:5], Y[:5])))
    f = net(X, start)
    assert float(record.loss[0, 0]) == pytest.approx(((f - Y) ** 2).sum() / 20)
    assert float(record.accuracy[0, 0]) == np.mean(f.argmax(1) == Y.argmax(1))
    assert float(record.test_loss[0, 0]) == pytest.approx(((f - Y)[:5] ** 2).sum() / 10)
    assert float(record.test_accuracy[0, 0]) == np.mean(f[:5].argmax(1) == Y[:5].argmax(1))
    regression = simulate(X, X[:, :2], net, steps=1)
    assert "accuracy" not in regression


def test_the_function_is_exactly_zero_at_initialization(data):
    X, Y = data
    net = MLP((3, 7, 2), "gelu", zero_initial_function=True)
    start = initial_parameters(net, 0)
    assert not net(X, start, start).any()
    record = simulate(X, Y, net, steps=0)
    assert float(record.loss[0, 0]) == (Y**2).sum() / 20
    with pytest.raises(InputError, match="a network with zero_initial_function needs initial_weights"):
        net(X, start)


def test_one_seed_gives_the_same_record_alone_and_among_others(data):
    X, Y = data
    net = MLP((3, 6, 2), "relu")
    together = simulate(X, Y, net, epochs=2, batch_size=3, seed=[3, 8, 1])
    for seed in (3, 8, 1):
        alone = simulate(X, Y, net, epochs=2, batch_size=3, seed=seed)
        for name in together.data_vars:
            np.testing.assert_array_equal(together[name].sel(seed=seed), alone[name].sel(seed=seed))
    assert len(np.unique(together.loss.isel(step=-1))) == 3
    assert simulate(X, Y, net, epochs=2, batch_size=3, seed=[3, 8, 1]).identical(together)


def test_weights_and_orders_for_each_seed(data):
    X, Y = data
    net = MLP((3, 6, 2), "erf")
    starts = [initial_parameters(net, seed) for seed in (0, 1)]
    stacked = Parameters(tuple(np.stack(pair) for pair in zip(*(p.weights for p in starts), strict=True)))
    orders = np.stack([np.random.default_rng(i).permutation(10)[None] for i in (0, 1)])
    rules = [Descent(sample_order=each) for each in (*orders, orders)]
    both = simulate(X, Y, net, seed=[0, 1], initial_weights=stacked, optimizer=rules[2], batch_size=5)
    for i in (0, 1):
        one = simulate(X, Y, net, seed=i, initial_weights=starts[i], optimizer=rules[i], batch_size=5)
        np.testing.assert_array_equal(both.uc_nfa[i], one.uc_nfa[0])


def test_gradient_descent_uses_all_samples(data):
    X, Y = data
    net = MLP((3, 6, 2), "erf")
    record = simulate(X, Y, net, optimizer="gd", steps=3)
    ordered = simulate(X, Y, net, optimizer=Descent(sample_order=np.tile(np.arange(10), (3, 1))), batch_size=10)
    np.testing.assert_array_equal(record.uc_nfa, ordered.uc_nfa)
    assert record.epoch.values.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("measure", "steps"),
    [("epoch", [0, 3, 6, 7]), (2, [0, 2, 4, 6, 7]), (7, [0, 7]), ([5, 1], [0, 1, 5]), (np.asarray([2]), [0, 2])],
)
def test_when_it_is_measured(data, measure, steps):
    X, Y = data
    record = simulate(X, Y, MLP((3, 4, 2)), steps=7, batch_size=4, measure=measure)
    assert record.step.values.tolist() == steps


def test_progress_counts_every_step_of_every_seed(data):
    X, Y = data
    calls = []
    simulate(X, Y, MLP((3, 4, 2)), steps=3, seed=[0, 1], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i, 6) for i in range(1, 7)]


def test_flat_labels_and_integer_inputs_are_read(data):
    net = MLP((3, 4, 1))
    X = np.arange(12).reshape(4, 3)
    record = simulate(X, [0, 1, 0, 1], net, steps=1, learning_rate=1e-3)
    assert record.uc_nfa.shape == (1, 2, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "cos"}, "unknown alignment 'cos'; did you mean 'cosine'\\?"),
        ({"combinations": 0}, "combinations must be an integer of at least 1, got 0"),
        ({"combinations": True}, "combinations must be an integer of at least 1, got True"),
    ],
)
def test_what_to_measure_is_checked_at_once(settings, message):
    with pytest.raises(InputError, match=message):
        Measure(**settings)


NET = MLP((3, 4, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": None}, "give steps or epochs, got neither"),
        ({"epochs": 2}, "give steps or epochs, not both, got steps=2 and epochs=2"),
        ({"steps": -1}, "steps must be an integer of at least 0, got -1"),
        ({"steps": 1.5}, "steps must be an integer of at least 0, got 1.5"),
        ({"learning_rate": -0.1}, "learning_rate must be positive, got -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive, got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a number or one number per step, got 'fast'"),
        ({"learning_rate": [0.1]}, "learning_rate must be a number or have shape (2,), got shape (1,)"),
        (
            {"learning_rate": [0.1, -1]},
            "learning_rate must be finite and at least 0 at every step, got -1.0 at step 1",
        ),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg'; did you mean 'sgd'?"),
        ({"optimizer": "gd", "batch_size": 3}, "optimizer 'gd' takes all 10 samples at each step, got batch_size=3"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
        ({"seed": -1}, "seeds must be integers from 0 and below 2^31, at least one, got -1"),
        ({"seed": []}, "seeds must be integers from 0 and below 2^31, at least one, got []"),
        ({"seed": [1, 1]}, "seeds must differ (equal seeds give equal runs), got [1, 1]"),
        ({"seed": "a"}, "seed must be an integer or a sequence of integers, got 'a'"),
        ({"measure": "epochs"}, "measure must be 'epoch', a number of steps or a sequence of steps, got 'epochs'"),
        ({"measure": 0}, "measure must be an integer of at least 1, got 0"),
        ({"measure": [3]}, "measure must list steps in 0..2, got 3"),
        ({"optimizer": Descent(sample_order=[[0, 10]])}, "sample_order must hold numbers in 0..9, got 0..10 in row 0"),
        (
            {"optimizer": Descent(sample_order=[[0.5]])},
            "sample_order must hold rows of sample numbers, got shape (1,) and dtype float64 in row 0",
        ),
        ({"optimizer": Descent(sample_order=[[0, 1]])}, "sample_order must have a batch for each of 2 steps, got 1"),
        ({"optimizer": Descent(sample_order=[])}, "sample_order must not be empty"),
        ({"initial_weights": [np.ones((4, 3))]}, "weights must have one matrix per layer (2 with the readout), got 1"),
        ({"X": np.ones((9, 3))}, "X and Y must have shapes (n, d) and (n, c) with one n, got (9, 3) and (10, 2)"),
        (
            {"X": np.ones((10, 4))},
            "a network of widths (3, 4, 2) needs X (n, 3) and Y (n, 2), got (10, 4) and (10, 2)",
        ),
        ({"X": np.full((10, 3), np.inf)}, "X must be finite, got inf in row 0, column 0"),
        ({"X": np.zeros((10, 3))}, "X must not be zero everywhere, got 10 zero rows"),
        ({"X": [[1, 2], [3]]}, "X must be a rectangular array of numbers"),
        ({"X": np.ones((1, 3)), "Y": np.ones((1, 2))}, "training needs at least 2 samples, got 1"),
        (
            {"Y": np.ones((10, 2))},
            "labels must not be constant (no feature explains them and the alignment is undefined), "
            "got a row of 2 values for all 10 samples",
        ),
        (
            {"measure": Measure(test=(np.ones((2, 3)), np.ones((3, 2))))},
            "test X and test Y must have shapes (n, d) and (n, c)",
        ),
    ],
)
def test_bad_input_is_answered_in_one_line(data, change, message):
    X, Y = data
    arguments = {"X": X, "Y": Y, "net": NET, "steps": 2, **change}
    with pytest.raises(InputError) as error:
        simulate(arguments.pop("X"), arguments.pop("Y"), arguments.pop("net"), **arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_diverging_run_stops_and_names_step_loss_and_rate(data, dtype):
    X, Y = data
    with pytest.raises(
        DivergenceError, match=r"training diverged at step \d+: loss .* with learning_rate 500; a smaller"
    ):
        simulate(X.astype(dtype), Y, MLP((3, 16, 16, 2), "linear"), steps=200, learning_rate=500.0)


def test_divergence_in_the_last_step_is_noticed(data):
    X, Y = data
    with pytest.raises(DivergenceError, match="training diverged at step 1: loss"):
        simulate(X, Y, MLP((3, 16, 2), "exp"), steps=1, learning_rate=1e6)


def test_a_dead_network_is_recorded_as_undefined_without_a_warning(data):
    X, Y = data
    net = MLP((3, 4, 4, 2), "relu", bias=True)
    start = initial_parameters(net, 0)
    dead = Parameters(start.weights, (start.biases[0], start.biases[1] - 1e6, start.biases[2]))
    record = simulate(X, Y, net, steps=2, initial_weights=dead)
    assert np.isnan(record.uc_nfa).all()
    assert np.isfinite(record.loss).all()
