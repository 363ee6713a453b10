"""The recursions: obligations and their mutants, known special cases, and networks small enough to average exactly."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp

from derivations.activation_integrals.definitions import c, q1, q2
from derivations.derivation import vanishes
from derivations.errors import DerivationError
from derivations.wide.kernels import DERIVATIONS, Sigma, bias, gain, kernels


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.name)
def test_obligations_hold(derivation):
    assert derivation.broken_obligations() == ()


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.name)
def test_a_coefficient_that_is_two_percent_off_is_refused(derivation):
    for name, formula in derivation.closed_form.items():
        for term in sp.Add.make_args(formula):
            wrong = {**derivation.closed_form, name: formula + sp.Rational(2, 100) * term}
            assert derivation.broken_obligations(wrong)


def test_the_forward_kernel_by_eye():
    assert vanishes(DERIVATIONS[0].closed_form["K"] - gain**2 * Sigma - bias**2)


def test_deep_linear_networks_multiply_their_gains():
    a, b, e = sp.symbols("a b e", positive=True)
    found = kernels("linear", (a, b, e), (0, 0, 0))
    assert found.inputs == (c, a * c, a * b * c)
    assert found.tangent == (b * e, e)
    assert found.output == a * b * e * c


def test_the_quadratic_limit_of_the_early_alignment():
    # R7: with A = Z^T diag(r) Z and B = Z^T Z, tr(P S Q S) = 64 tr(A^4 B), and so on, from kappa = 4 S.
    Z, r = sp.Matrix([[1, 2], [3, -1], [2, 5]]), sp.diag(2, -1, 3)
    S = Z * Z.T
    (tangent,) = kernels("quadratic", (1, 1), (0, 0)).tangent
    kappa = S.applyfunc(lambda entry: tangent.subs(c, entry))
    P, Q = r * kappa * r, r * kappa**2 * r
    A, B = Z.T * r * Z, Z.T * Z
    assert (P * S * Q * S).trace() == 64 * (A**4 * B).trace()
    assert (P * S * P * S).trace() == 16 * (A**4).trace()
    assert (Q * S * Q * S).trace() == 256 * (A**2 * B * A**2 * B).trace()


def test_one_hidden_quadratic_layer_has_its_mean_kernel_at_every_width():
    """E[(1/k) sum_j phi'(h_j) phi'(h_j')] does not depend on k; here by a product Gauss rule over two weights."""
    x, y = np.array([0.7, -1.1]), np.array([0.4, 2.0])
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    weights = weights / math.sqrt(2 * math.pi)
    mean = 0.0
    for (u, wu), (v, wv) in itertools.product(zip(nodes, weights, strict=True), repeat=2):
        h, h_other = (u * z[0] + v * z[1] for z in (x / math.sqrt(2), y / math.sqrt(2)))
        mean += wu * wv * 2 * h * 2 * h_other
    (tangent,) = kernels("quadratic", (1, 1), (0, 0)).tangent
    assert float(tangent.subs(c, x @ y / 2)) == pytest.approx(mean, rel=1e-12)
    assert float(tangent.subs(c, x @ y)) != pytest.approx(mean, rel=1e-2)


def test_he_keeps_the_variance_of_relu_networks():
    found = kernels("relu", (2, 2, 2), (0, 0, 0))
    at = {q1: 3, q2: 3, c: 3}
    assert [float(each.subs(at).evalf()) for each in found.inputs] == pytest.approx([3, 3, 3])
    assert float(found.output.subs(at).evalf()) == pytest.approx(6)  # the readout has the factor 2 and no ReLU
    assert [float(each.subs(at).evalf()) for each in found.tangent] == pytest.approx([1, 1])


def test_lengths_must_fit():
    with pytest.raises(DerivationError, match="must have the same length, at least 2, got 2 and 3"):
        kernels("relu", (1, 1), (0, 0, 0))
