"""How far sketched alignments are from exact ones, in many draws: with random weights, and after training."""

import numpy as np
from simulator_tangents import NET, N, setting

from numerics import Measure, measure_layer, simulate
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.sketch import sketch

DRAWS = 200
LIMIT = 2e-3
EPOCHS = 40


def sketch_errors(repeats):
    """Print the errors of one and of two combinations."""
    del repeats
    X, initial, moved = setting()
    trained, accuracy = train(X, initial)
    for name, weights in (("random weights", moved), (f"trained, accuracy {accuracy:.2f}", trained)):
        exact = exact_alignments(X, initial, weights)
        for combinations in (1, 2):
            draws = [
                alignments(X, initial, weights, np.random.default_rng(seed), combinations) for seed in range(DRAWS)
            ]
            values, standard_errors = (np.asarray(part) for part in zip(*draws, strict=True))
            print(f"\nsketched alignments, {name}, combinations: {combinations}, draws: {DRAWS}")
            show(exact, values - exact, standard_errors)


def train(X, initial):
    """Train on the classes of a linear teacher; return the weights and the accuracy."""
    teacher = np.random.default_rng(7).standard_normal((X.shape[1], NET.outputs), dtype=np.float32)
    Y = np.eye(NET.outputs, dtype=np.float32)[(X @ teacher).argmax(axis=1)]
    observed = []
    record = simulate(
        X,
        Y,
        NET,
        epochs=EPOCHS,
        learning_rate=10.0,
        initial_weights=initial,
        measure=Measure(
            [0, EPOCHS * -(-N // 128)],
            combinations=1,
            observe=lambda seed, step, parameters: observed.append(parameters),
        ),
    )
    return observed[-1], float(record.accuracy[0, -1])


def show(exact, errors, standard_errors):
    """Print one row for each layer and alignment."""
    print(f"{'':11}{'exact':>9}{'std.err.':>10}{'rms error':>11}{'largest':>9}{'<= 2e-3':>9}{'in 2 s.e.':>11}")
    for layer in range(NET.depth):
        for which, name in enumerate(("UC", "C")):
            e, s = errors[:, layer, which], standard_errors[:, layer, which]
            # The last hidden layer is exact, up to rounding.
            inside = np.abs(e) <= np.maximum(2 * s, 1e-6)
            print(
                f"layer {layer + 1} {name:3}{exact[layer, which]:9.5f}{np.sqrt(np.mean(s**2)):10.1e}"
                f"{np.sqrt(np.mean(e**2)):11.1e}{np.abs(e).max():9.1e}{np.mean(np.abs(e) <= LIMIT):9.1%}"
                f"{np.mean(inside):11.1%}"
            )


def exact_alignments(X, initial, weights):
    """Return the exact UC-NFA and C-NFA of every layer, shape (layers, 2)."""
    K = outputs_and_ptf_covariances(X, NET, weights)[1]
    of_layers = zip(weights.weights[:-1], initial.weights, K, strict=False)
    return np.asarray([measure_layer(*one)[:2] for one in of_layers])


def alignments(X, initial, weights, rng, combinations):
    """Return the sketched UC-NFA and C-NFA of every layer, and their standard errors, both of shape (layers, 2)."""
    estimate = sketch(X, NET, weights, rng, combinations)
    values, errors = [], []
    for layer, (W, W0) in enumerate(zip(weights.weights[:-1], initial.weights, strict=False), start=1):
        plain = measure_layer(W, W0, estimate.covariances[layer - 1])[:2]
        corrections, standard_errors = zip(*(estimate.errors(A, layer) for A in (W, W - W0)), strict=True)
        values.append([rho * factor for rho, factor in zip(plain, corrections, strict=True)])
        errors.append(standard_errors)
    return values, errors
