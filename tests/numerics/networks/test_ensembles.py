"""Networks side by side get exactly the numbers they get alone; large batches in pieces nearly so."""

import numpy as np
import pytest

from numerics import MLP, DivergenceError, simulate
from numerics.networks import ensembles as ensembles_module
from numerics.optimizers import AdamW, Descent, Momentum, Muon, SignDescent, SpeedLimited
from numerics.training import batches as batches_module

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 6))
Y = np.eye(3)[RNG.integers(0, 3, 50)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "optimizer", ["sgd", "gd", Momentum(), AdamW(), SignDescent(), Muon(), SpeedLimited([1.0, 0.5, 0.1])], ids=str
)
@pytest.mark.parametrize("zero", [False, True])
def test_side_by_side_is_bit_for_bit_one_after_another(dtype, optimizer, zero):
    net = MLP((6, 32, 16, 3), bias=True, zero_initial_function=zero)
    options = {"steps": 9, "optimizer": optimizer, "measure": 4, "learning_rate": 0.05, "loss": "cross_entropy"}
    data = X.astype(dtype), Y.astype(dtype)
    together = simulate(*data, net, seed=range(7), **options)
    for seed in range(7):
        alone = simulate(*data, net, seed=seed, **options)
        for name in alone.data_vars:
            np.testing.assert_array_equal(together[name].values[seed], alone[name].values[0])


def test_the_size_of_a_group_does_not_matter(monkeypatch):
    net, options = MLP((6, 32, 3)), {"steps": 9, "seed": range(7), "batch_size": 20}
    whole = simulate(X, Y, net, **options)
    monkeypatch.setattr(ensembles_module, "GROUP_BYTES", 150_000)
    assert 1 < ensembles_module.group_size(net, 20, 8) < 7
    assert simulate(X, Y, net, **options).identical(whole)


@pytest.mark.parametrize("full_batch", [False, True])
@pytest.mark.parametrize("zero", [False, True])
def test_pieces_of_a_batch_add_up(monkeypatch, full_batch, zero):
    net = MLP((6, 8, 3), "tanh", zero_initial_function=zero)
    options = {"steps": 6, "optimizer": Descent(full_batch, weight_decay=0.1), "measure": 2, "seed": [0, 1]}
    whole = simulate(X, Y, net, **options)
    monkeypatch.setattr(batches_module, "PIECE_BYTES", 8 * 8 * 7)
    for name, values in simulate(X, Y, net, **options).data_vars.items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-10, atol=1e-13)


def test_divergence_names_the_seed():
    with pytest.raises(
        DivergenceError, match=r"training diverged at step \d+ with seed \d: loss .* learning_rate 1000"
    ):
        simulate(X, Y, MLP((6, 8, 3)), steps=50, learning_rate=1000.0, seed=[3, 5])
