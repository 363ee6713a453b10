"""Where a number is not defined it is missing, in every thread, and no warning leaks (warnings are errors here)."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from numerics import MLP, DivergenceError, Measure, Parameters, simulate

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3000, 10)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, 3000)]
NET = MLP((10, 32, 32, 3), bias=True)
START = NET.initialize(RNG, np.float32)
OFF = np.full(32, -1e3, np.float32)


@pytest.fixture(params=[1, 2], autouse=True)
def _threads(request, monkeypatch):
    monkeypatch.setattr("numerics.backend.chunks.CHUNK_BYTES", 2**18)  # several chunks
    with threadpool_limits(request.param):
        yield


@pytest.mark.parametrize("combinations", [None, 1])
@pytest.mark.parametrize("optimizer", ["sgd", "gd", "momentum", "adam", "slo:1"])
def test_a_layer_with_all_relus_off_passes_nothing_on(optimizer, combinations):
    dead = Parameters(START.weights, (OFF, *START.biases[1:]))
    options = {"steps": 2, "learning_rate": 0.1, "initial_weights": dead}
    record = simulate(X, Y, NET, optimizer=optimizer, measure=Measure(1, combinations=combinations), **options)
    assert np.isnan(record.uc_nfa[..., 0]).all()  # its own K is zero
    assert np.isnan(record.c_nfa[..., 0]).all()
    assert (record.relative_weight_change[..., 0] == 0).all()
    assert np.isfinite(record.loss).all()


@pytest.mark.parametrize("combinations", [None, 1])
@pytest.mark.parametrize("optimizer", ["sgd", "slo:2"])
def test_a_network_of_zeros_stays_where_it_is(optimizer, combinations):
    zeros = Parameters(tuple(0 * W for W in START.weights), tuple(0 * b for b in START.biases))
    net = MLP(NET.widths)
    options = {"steps": 2, "learning_rate": 0.1, "initial_weights": zeros.weights}
    record = simulate(X, Y, net, optimizer=optimizer, measure=Measure(1, combinations=combinations), **options)
    assert np.isnan(record.uc_nfa).all()
    assert np.isnan(record.c_nfa).all()
    assert len(set(record.loss.values.ravel())) == 1


@pytest.mark.parametrize("combinations", [None, 1])
def test_overflow_is_told_in_words(combinations):
    with pytest.raises(DivergenceError, match=r"training diverged at step \d+: loss .* a smaller learning_rate"):
        simulate(X, Y, NET, steps=60, learning_rate=1e30, measure=Measure(1, combinations=combinations))
