"""Gradients and tangent features against automatic differentiation, to 1e-10 in float64."""

import numpy as np
import pytest
import reference_network as reference
from autograd import grad, jacobian

from numerics.networks.backpropagation import tangent_features, weight_gradients
from numerics.networks.losses import find_loss
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters

N = 4


def case(name, depth, outputs, parametrization="ntk", bias=False):
    widths = (3, *range(6, 6 - depth, -1), outputs)
    net = MLP(widths, name, parametrization, bias=bias, bias_std=0.3 if bias else None)
    rng = np.random.default_rng([depth, outputs])
    parameters = net.initialize(rng)
    if name == "exp":  # a tower of exponentials overflows from weights of order one
        parameters = Parameters(tuple(0.3 * W for W in parameters.weights), parameters.biases)
    X = rng.standard_normal((N, 3))
    factors = reference.multipliers(net.parametrization, widths)
    return net, parameters, X, reference.ACTIVATIONS[name], factors


def assert_close(ours, theirs):
    scale = max(1.0, np.abs(theirs).max())
    np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=1e-10)


@pytest.mark.parametrize("outputs", [1, 10])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", reference.ACTIVATIONS)
def test_outputs_gradients_and_tangent_features(name, depth, outputs):
    net, parameters, X, phi, factors = case(name, depth, outputs)
    Y = np.random.default_rng(1).standard_normal((N, outputs))
    activity = net.forward(X, parameters)
    expected = reference.network(X, parameters.weights, (), phi, factors)
    assert_close(activity.outputs, expected)

    def loss(weights):
        f = reference.network(X, weights, (), phi, factors)
        return ((f - Y) ** 2).sum() / (2 * N)

    gradients = weight_gradients(net, parameters, activity, find_loss("mse", Y).gradient(activity.outputs, Y))
    for ours, theirs in zip(gradients.weights, grad(loss)(list(parameters.weights)), strict=True):
        assert_close(ours, theirs)

    for layer, D in tangent_features(net, parameters, activity):
        for sample in range(N):

            def shifted(shift, layer=layer, sample=sample):
                shifts = [np.zeros((1, k)) for k in net.widths[1:-1]]
                shifts[layer - 1] = shift
                return reference.network(X[sample : sample + 1], parameters.weights, (), phi, factors, shifts)[0]

            theirs = jacobian(shifted)(np.zeros((1, net.widths[layer])))[:, 0, :]
            assert_close(D[sample], theirs)


@pytest.mark.parametrize("parametrization", ["ntk", "he", "lecun", "pytorch", "mup"])
@pytest.mark.parametrize("loss_name", ["mse", "mse_mean", "cross_entropy"])
def test_every_loss_with_biases_in_every_parametrization(parametrization, loss_name):
    net, parameters, X, phi, factors = case("gelu", 3, 5, parametrization, bias=True)
    Y = np.random.default_rng(2).dirichlet(np.ones(5), size=N)

    def loss(weights_and_biases):
        weights, biases = weights_and_biases
        f = reference.network(X, weights, biases, phi, factors)
        if loss_name == "mse":
            return ((f - Y) ** 2).sum() / (2 * N)
        if loss_name == "mse_mean":
            return ((f - Y) ** 2).mean()
        return -(Y * (f - np.log(1.0) - reference.anp.log(reference.anp.exp(f).sum(axis=1, keepdims=True)))).sum() / N

    activity = net.forward(X, parameters)
    ours_loss = find_loss(loss_name, Y)
    ours = weight_gradients(net, parameters, activity, ours_loss.gradient(activity.outputs, Y))
    start = (list(parameters.weights), list(parameters.biases))
    theirs = grad(loss)(start)
    assert_close(np.asarray(ours_loss.value(activity.outputs, Y)), np.asarray(loss(start)))
    for mine, other in zip((*ours.weights, *ours.biases), (*theirs[0], *theirs[1]), strict=True):
        assert_close(mine, other)


def test_a_wrong_multiplier_is_refused():
    """The twin: the comparison notices a factor of 1.02 in one layer."""
    net, parameters, X, phi, factors = case("tanh", 2, 1)
    factors[1] *= 1.02
    with pytest.raises(AssertionError):
        assert_close(net.forward(X, parameters).outputs, reference.network(X, parameters.weights, (), phi, factors))
