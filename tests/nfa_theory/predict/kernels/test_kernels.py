"""The kernels on arrays against the recursion that `derivations` runs in symbols."""

import numpy as np
import pytest
import sympy as sp
from wide_network import WideNetwork

from derivations.activation_integrals.definitions import c, q1, q2
from derivations.wide.kernels import kernels
from nfa_theory import MLP


@pytest.mark.parametrize(
    ("activation", "parametrization", "bias_std"),
    [("quadratic", "ntk", None), ("erf", "he", 0.5), ("relu", "pytorch", None), ("leaky_relu:0.2", "ntk", 0.3)],
)
def test_arrays_follow_the_symbolic_recursion(activation, parametrization, bias_std):
    X = np.random.default_rng(4).standard_normal((6, 5))
    net = MLP((5, 7, 9, 2), activation, parametrization, bias=True, bias_std=bias_std)
    layers = range(1, net.depth + 2)
    weight_variances = [sp.Rational(str(net.weight_variance(layer))) for layer in layers]
    bias_variances = [sp.Rational(str(net.bias_variance(layer))) for layer in layers]
    theory = kernels(net.activation.name, weight_variances, bias_variances, net.activation.parameter)
    gram = X @ X.T / 5
    pairs = [(i, j) for i in range(6) for j in range(i)]  # on the diagonal rounding leaves the domain of asin

    def symbolic(expression):
        return [float(expression.subs({q1: gram[i, i], q2: gram[j, j], c: gram[i, j]}).evalf()) for i, j in pairs]

    network = WideNetwork(X, net)
    entries = lambda matrix: [matrix[i, j] for i, j in pairs]  # noqa: E731
    np.testing.assert_allclose(entries(network.output_covariance()), symbolic(theory.output), rtol=1e-11)
    for found in network.layers():
        np.testing.assert_allclose(entries(found.S), symbolic(theory.inputs[found.layer - 1]), rtol=1e-11)
        kappa, expected = (np.array(each) for each in (entries(found.kappa), symbolic(theory.tangent[found.layer - 1])))
        np.testing.assert_allclose(kappa / kappa[0], expected / expected[0], rtol=1e-11)  # kappa has no scale there
