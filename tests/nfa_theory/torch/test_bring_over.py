"""Networks from PyTorch and back: the same function, the same feature matrices, the same record on the same run."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402

import nfa_theory as nfa  # noqa: E402
from nfa_theory.torch import AlignmentProbe, measure, ptf_covariances  # noqa: E402


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.Tanh(), nn.GELU(), nn.SiLU(), nn.Softplus(), nn.LeakyReLU(0.2)])
@pytest.mark.parametrize("bias", [False, True])
def test_the_same_function_there_and_back(activation, bias):
    module = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(4, 6, bias), activation), nn.Linear(6, 5, bias),
                           activation, nn.Dropout(0.5), nn.Linear(5, 2, bias)).eval()  # fmt: skip
    x = torch.randn(7, 2, 2)
    net, parameters = nfa.MLP.from_torch(module)
    assert net.widths == (4, 6, 5, 2)
    assert net.parametrization == "pytorch"
    f = module(x).detach().numpy()
    assert np.abs(net(x.flatten(1).numpy(), parameters) - f).max() < 1e-12
    assert np.abs(net.to_torch(parameters)(x.flatten(1)).detach().numpy() - f).max() < 1e-12


@pytest.mark.parametrize("parametrization", ["ntk", "mup", "he", "lecun", "pytorch"])
@pytest.mark.parametrize("activation", ["relu", "erf", "hermite:3"])
def test_feature_matrices_in_every_parametrization(parametrization, activation):
    net = nfa.MLP((4, 6, 5, 2), activation, parametrization, bias=True)
    parameters = net.initialize(np.random.default_rng(0))
    module, x = net.to_torch(parameters), torch.randn(9, 4)
    back, weights = nfa.MLP.from_torch(module)
    assert back.multipliers == net.multipliers
    assert all(np.array_equal(a, b) for a, b in zip(weights.weights, parameters.weights, strict=True))
    K = ptf_covariances(module, x)
    for layer, (name, W) in enumerate(zip(("0", "2"), parameters.weights, strict=False), start=1):
        expected = nfa.features(x.numpy(), net, parameters, layer=layer)
        assert np.allclose(W.T @ K[name].numpy() @ W, expected.agop, rtol=1e-10, atol=1e-13)


def test_multipliers_of_no_parametrization_are_absorbed():
    net = nfa.MLP((4, 6, 5, 2), "tanh", "ntk")
    parameters = net.initialize(np.random.default_rng(0))
    module, x = net.to_torch(parameters), torch.randn(5, 4)
    module[2].multiplier = 0.7
    other, weights = nfa.MLP.from_torch(module)
    assert other.parametrization == "pytorch"
    assert np.abs(other(x.numpy(), weights) - module(x).detach().numpy()).max() < 1e-12
    assert np.allclose(measure(module, x).uc_nfa, measure(other.to_torch(weights), x).uc_nfa, atol=1e-10)


@pytest.mark.parametrize("parametrization", ["ntk", "pytorch"])
def test_simulator_and_probe_give_the_same_record(parametrization):
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((12, 4)), rng.standard_normal((12, 2))
    net = nfa.MLP((4, 8, 6, 2), "tanh", parametrization)
    record = nfa.simulate(X, Y, net, optimizer="gd", steps=5, learning_rate=0.2, seed=3)
    module = net.to_torch(nfa.initial_parameters(net, 3))
    x, y = torch.as_tensor(X), torch.as_tensor(Y)
    with AlignmentProbe(module, x, every=record.step.values.tolist(), combinations="all", layers=["0", "2"]) as probe:
        for _ in range(5):
            module.zero_grad()
            ((module(x) - y).square().sum(1).mean() / 2).backward()
            with torch.no_grad():
                for p in module.parameters():
                    p.sub_(p.grad, alpha=0.2)
            probe.step()
    assert probe.record.step.values.tolist() == record.step.values.tolist()
    for name in ("uc_nfa", "c_nfa", "relative_weight_change", "decomposition"):
        assert np.allclose(probe.record[name].values, record[name].values, atol=1e-8, equal_nan=True), name


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Conv2d(1, 1, 1)), "got Conv2d at 0|before 0"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), "one activation"),
        (nn.Linear(2, 2), "dense layers with activations between"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2, bias=False)), "biases in all layers or in none"),
    ],
)
def test_other_modules_are_refused(module, message):
    with pytest.raises(nfa.InputError, match=message):
        nfa.MLP.from_torch(module)
