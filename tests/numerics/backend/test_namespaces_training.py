"""Every optimizer, sketches, ensembles and checkpoints on array_api_strict and, where it is installed, on PyTorch."""

import importlib.util
from dataclasses import replace
from functools import partial

import array_api_strict
import numpy as np
import pytest

from numerics import MLP, InputError, Measure, simulate
from numerics.backend.devices import on_device
from numerics.optimizers import AdamW, Descent, GradientFlow, Momentum, Muon, SignDescent, SpeedLimited

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 4))
Y = np.eye(3)[RNG.integers(0, 3, 30)]
NET = MLP((4, 6, 5, 3), bias=True, zero_initial_function=True)
OPTIMIZERS = [
    Descent(),
    Descent(full_batch=True),
    Momentum(nesterov=True),
    AdamW(),
    SignDescent(0.5),
    Muon(),
    Muon(method="newton_schulz"),
    SpeedLimited([1, 0.1, 0]),
    GradientFlow(1e-3, 1e-3),
]


def strict():
    return array_api_strict.asarray


def torch():
    return pytest.importorskip("torch", reason="torch is an optional extra").asarray


@pytest.mark.parametrize("namespace", [strict, torch])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("combinations", [None, 1])
def test_the_numbers_are_numpys(tmp_path, namespace, optimizer, combinations):
    convert = namespace()
    options = {
        "steps": 4,
        "seed": [0, 3],
        "optimizer": replace(optimizer, weight_decay=0.01, layer_rates=[1, 0.5, 2]),
        "learning_rate": 0.1,
    }
    measure = partial(Measure, 2, combinations=combinations)
    expected = simulate(X, Y, NET, measure=measure(test=(X, Y)), **options)
    options |= {"measure": measure(test=(convert(X), convert(Y)), checkpoint=tmp_path / "c.npz")}
    record = simulate(convert(X), convert(Y), NET, **options)
    for name in expected.data_vars:
        np.testing.assert_allclose(record[name], expected[name], rtol=1e-8, atol=1e-10)
    again = simulate(convert(X), convert(Y), NET, **options)
    assert again.identical(record)


@pytest.mark.parametrize("namespace", [strict, torch])
def test_float32_stays_float32(namespace):
    convert = namespace()
    seen = []
    simulate(
        convert(X.astype(np.float32)),
        convert(Y.astype(np.float32)),
        NET,
        steps=2,
        optimizer="adam",
        measure=Measure(observe=lambda _seed, _step, parameters: seen.extend(parameters.weights)),
    )
    assert {str(W.dtype).rsplit(".", 1)[-1] for W in seen} == {"float32"}


def test_devices():
    assert on_device(array_api_strict.asarray(X), "cpu").tolist() == X.tolist()
    with pytest.raises(InputError, match=r"unknown device 'gpus'; did you mean 'gpu'\?"):
        on_device(X, "gpus")
    if importlib.util.find_spec("cupy") is None:
        with pytest.raises(InputError, match="device gpu needs CuPy"):
            on_device(X, "gpu")
