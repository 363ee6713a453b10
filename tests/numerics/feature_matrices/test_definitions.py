"""Feature matrices against their definitions, sample by sample and with automatic differentiation."""

import numpy as np
import pytest
import reference_network as reference
from autograd import jacobian

import numerics.backend.chunks as module
from numerics import InputError, features, pre_activation_tangent_kernel, ptf_covariances
from numerics.networks.mlp import MLP


@pytest.fixture
def setting():
    rng = np.random.default_rng(3)
    net = MLP((3, 6, 5, 2), "tanh", bias=True, bias_std=0.5)
    return net, net.initialize(rng), rng.standard_normal((7, 3))


def tail(net, parameters, layer):
    """The network from the input of `layer` on, and from its pre-activation on."""
    factors = reference.multipliers(net.parametrization, net.widths)
    phi = reference.ACTIVATIONS[str(net.activation)]
    rest = slice(layer - 1, None)

    def from_input(z):
        return reference.network(z[None], parameters.weights[rest], parameters.biases[rest], phi, factors[rest])[0]

    def from_preactivation(h):
        if layer == net.depth + 1:
            return h
        after = slice(layer, None)
        return reference.network(
            phi(h)[None], parameters.weights[after], parameters.biases[after], phi, factors[after]
        )[0]

    return from_input, from_preactivation


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_nfm_agop_and_ptf_covariance_by_automatic_differentiation(setting, layer):
    net, parameters, X = setting
    from_input, from_preactivation = tail(net, parameters, layer)
    activity = net.forward(X, parameters)
    W, b = parameters.weights[layer - 1], parameters.biases[layer - 1]
    inputs = activity.inputs[layer - 1]
    J = np.stack([jacobian(from_input)(z) for z in inputs])
    factor = reference.multipliers(net.parametrization, net.widths)[layer - 1]
    D = np.stack([jacobian(from_preactivation)(factor * W @ z + b) for z in inputs])
    measured = features(X, net, parameters, layer)
    np.testing.assert_allclose(measured.nfm, W.T @ W, atol=1e-12)
    np.testing.assert_allclose(measured.agop, np.einsum("nci,ncj->ij", J, J) / len(X), atol=1e-12)
    np.testing.assert_allclose(measured.ptf_covariance, np.einsum("nci,ncj->ij", D, D) / len(X), atol=1e-12)
    if layer <= net.depth:
        np.testing.assert_allclose(ptf_covariances(X, net, parameters)[layer - 1], measured.ptf_covariance, atol=1e-12)
    kernel = pre_activation_tangent_kernel(X, net, parameters, layer)
    np.testing.assert_allclose(kernel, np.einsum("nik,mjk->nimj", D, D), atol=1e-12)


def test_chunks_do_not_change_the_result(setting, monkeypatch):
    net, parameters, X = setting
    whole = [features(X, net, parameters, layer) for layer in (1, 2, 3)]
    kernel = pre_activation_tangent_kernel(X, net, parameters, 1)
    together = ptf_covariances(X, net, parameters)
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    assert sum(1 for _ in module.sample_chunks(X, net)) == len(X)
    for layer, before in zip((1, 2, 3), whole, strict=True):
        after = features(X, net, parameters, layer)
        np.testing.assert_allclose(after.agop, before.agop, rtol=1e-12)
        np.testing.assert_allclose(after.ptf_covariance, before.ptf_covariance, rtol=1e-12)
    np.testing.assert_allclose(pre_activation_tangent_kernel(X, net, parameters, 1), kernel, rtol=1e-12)
    for before, after in zip(together, ptf_covariances(X, net, parameters), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :2], r"X must have shape \(n, 3\), got \(7, 2\)"),
        (lambda X: np.where(np.arange(7)[:, None] == 4, np.nan, X), "X must be finite, got nan in row 4, column 0"),
        (lambda X: X.astype(complex), "X must hold real numbers, got dtype complex128"),
    ],
)
def test_bad_inputs(setting, change, message):
    net, parameters, X = setting
    with pytest.raises(InputError, match=message):
        features(change(X), net, parameters)


def test_bad_layer_and_weights(setting):
    net, parameters, X = setting
    with pytest.raises(InputError, match="layer must be an integer from 1 to 3, got 4"):
        features(X, net, parameters, 4)
    with pytest.raises(InputError, match="weights must be a sequence of pairs"):
        features(X, net, parameters.weights)
    pairs = list(zip(parameters.weights, parameters.biases, strict=True))
    assert features(X, net, pairs).nfm.shape == (3, 3)
    with pytest.raises(InputError, match=r"weights must have one matrix per layer \(3 with the readout\), got 2"):
        features(X, net, pairs[:2])
    pairs[1] = (pairs[1][0].T, pairs[1][1])
    with pytest.raises(InputError, match=r"weights of layer 2 must have shape \(5, 6\), got \(6, 5\)"):
        features(X, net, pairs)
