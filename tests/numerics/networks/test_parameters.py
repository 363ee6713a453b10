"""Weights in the forms that callers have them: pairs, state dicts, scikit-learn's matrices, or not at all."""

from types import SimpleNamespace

import numpy as np
import pytest

from numerics import MLP, InputError, initial_parameters, measure

X = np.random.default_rng(0).standard_normal((12, 4))
NET = MLP((4, 6, 5, 2), "tanh", bias=True, bias_std=0.3)
PARAMETERS = initial_parameters(NET, 0)
PAIRS = list(zip(*PARAMETERS, strict=True))
TRANSPOSED = [W.T for W in PARAMETERS.weights]
FORMS = {
    "pairs": PAIRS,
    "lists": [(W.tolist(), b.tolist()) for W, b in PAIRS],
    "state dict": {f"{2 * i}.{name}": A for i, (W, b) in enumerate(PAIRS) for name, A in (("weight", W), ("bias", b))},
    "weights before biases": dict(enumerate([*PARAMETERS.weights, *PARAMETERS.biases])),
    "coefs_ and intercepts_": list(zip(TRANSPOSED, PARAMETERS.biases, strict=True)),
    "estimator": SimpleNamespace(coefs_=TRANSPOSED, intercepts_=list(PARAMETERS.biases)),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_are_the_same_network(form):
    read = NET.parameters(FORMS[form])
    for A, B in zip((*read.weights, *read.biases), (*PARAMETERS.weights, *PARAMETERS.biases), strict=True):
        np.testing.assert_array_equal(A, B)
    assert measure(X, NET, FORMS[form], PAIRS).equals(measure(X, NET, PARAMETERS, PARAMETERS))


def test_without_biases_coefs_are_a_list_of_matrices():
    net = MLP((4, 6, 1))
    weights = initial_parameters(net, 0).weights
    np.testing.assert_array_equal(net(X, [W.T for W in weights]), net(X, weights))


def test_square_matrices_are_taken_as_they_are_but_not_those_of_an_estimator():
    net, matrices = MLP((3, 3, 3)), np.random.default_rng(1).standard_normal((2, 3, 3))
    np.testing.assert_array_equal(net.parameters(list(matrices)).weights, matrices)
    estimator = SimpleNamespace(coefs_=matrices, intercepts_=[])
    np.testing.assert_array_equal(net.parameters(estimator).weights, matrices.transpose(0, 2, 1))


def test_a_module_of_torch_gives_its_state():
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2)).double()
    net = MLP((4, 6, 2), "tanh", parametrization="pytorch", bias=True)
    expected = model(torch.asarray(X)).detach().numpy()
    for weights in (model.state_dict(), dict(model.named_parameters())):
        np.testing.assert_allclose(net(X, weights), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("net", "weights", "message"),
    [
        (NET, {"a": np.ones((2, 2, 2))}, r"must be a mapping of matrices and vectors, got shape \(2, 2, 2\) for 'a'"),
        (NET, {"a": np.ones((6, 4))}, r"one matrix per layer \(3 with the readout\), got 1"),
        (MLP(NET.widths), FORMS["state dict"], r"biases must be given for 0 layers, got 3 \(a network has biases if"),
        (NET, dict(enumerate(PARAMETERS.weights)), "biases must be given for 3 layers, got 0"),
        (
            MLP((4, 6, 2)),
            [np.ones((4, 6)), np.ones((2, 6))],
            r"weights of layer 1 must have shape \(6, 4\), got \(4, 6\)",
        ),
        (NET, 3, r"a sequence of pairs \(matrix, bias\), one per layer, got int"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(net, weights, message):
    with pytest.raises(InputError, match=message):
        net.parameters(weights)
