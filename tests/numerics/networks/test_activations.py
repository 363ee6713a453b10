"""Every activation and its derivative against an independent definition, differentiated automatically."""

import math

import numpy as np
import pytest
import reference_network as reference
from autograd import elementwise_grad
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import quad

from numerics import MLP, simulate
from numerics.errors import InputError
from numerics.networks.activations import ACTIVATIONS, Activation, parse_activation

POINTS = np.concatenate([np.linspace(-6.0, 6.0, 48), [1e-8, -1e-8]])


@pytest.mark.parametrize("name", reference.ACTIVATIONS)
def test_value_and_derivative(name):
    activation, phi = parse_activation(name), reference.ACTIVATIONS[name]
    np.testing.assert_allclose(activation(POINTS), phi(POINTS), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(activation.derivative(POINTS), elementwise_grad(phi)(POINTS), rtol=1e-10, atol=1e-10)


def test_the_reference_covers_every_activation():
    assert {parse_activation(name).name for name in reference.ACTIVATIONS} == set(ACTIVATIONS)


def test_hermite_polynomials_are_orthonormal_under_the_gaussian():
    nodes, weights = hermegauss(24)
    values = np.stack([Activation("hermite", degree)(nodes) for degree in range(9)])
    gram = (values * (weights / np.sqrt(2 * np.pi))) @ values.T
    np.testing.assert_allclose(gram, np.eye(9), atol=1e-12)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_the_derivative_at_the_kink_is_the_value_from_the_left(name):
    activation = Activation(name)
    assert activation.derivative(np.zeros(1)) == activation.derivative(np.asarray([-1.0]))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_arguments_give_no_nan(name):
    activation = Activation(name, 3 if name == "hermite" else None)
    large = np.asarray([-500.0, 500.0])
    assert np.isfinite(activation(large)).all()
    assert np.isfinite(activation.derivative(large)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", reference.ACTIVATIONS)
def test_dtype_is_kept(name, dtype):
    activation = parse_activation(name)
    h = np.linspace(-1, 1, 5, dtype=dtype)
    assert activation(h).dtype == activation.derivative(h).dtype == dtype


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("rleu", "unknown activation 'rleu'; did you mean 'relu'?"),
        ("hermite", "the degree of hermite must be an integer from 0 to 64, got None"),
        ("relu:2", "activation relu takes no parameter, got 2.0"),
        ("leaky_relu:e", "activation parameter must be a number, got 'e'"),
        (7, "activation must be a name or an Activation, got 7"),
    ],
)
def test_bad_names_are_answered_in_one_line(spec, message):
    with pytest.raises(InputError) as error:
        parse_activation(spec)
    assert str(error.value) == message


def test_a_hopeless_name_lists_all():
    with pytest.raises(InputError, match="expected one of linear, quadratic"):
        parse_activation("zzzzzz")


@pytest.mark.parametrize(
    ("spelled", "name"),
    [("ReLU", "relu"), ("Swish", "silu"), ("SELU", "selu"), ("Hermite:3", "hermite:3"), ("GELU", "gelu")],
)
def test_names_are_known_in_any_case_and_by_their_other_names(spelled, name):
    assert str(parse_activation(spelled)) == name


def test_selu_keeps_mean_zero_and_variance_one():
    """What its two constants are for; both sides of the kink are integrated alone."""
    selu, density = Activation("selu"), lambda g: np.exp(-g * g / 2) / np.sqrt(2 * np.pi)
    for power, expected in ((1, 0.0), (2, 1.0)):
        sides = [
            quad(lambda g, p=power: selu(np.asarray([g]))[0] ** p * density(g), *ends)[0]
            for ends in ((-12, 0), (0, 12))
        ]
        assert sum(sides) == pytest.approx(expected, abs=1e-8)


def quartic(h):
    return h**4


def test_an_activation_of_your_own_is_trained_with():
    own = Activation(quartic, lambda h: 4 * h**3)
    assert str(own) == "own:quartic"
    X = np.random.default_rng(0).standard_normal((20, 3))
    square = Activation(lambda h: h * h, lambda h: 2 * h)
    records = [simulate(X, X[:, :1], MLP((3, 8, 1), each), steps=3) for each in (square, "quadratic")]
    np.testing.assert_array_equal(records[0].uc_nfa, records[1].uc_nfa)
    record = simulate(X, X[:, :1], MLP((3, 8, 1), own), steps=1, learning_rate=1e-3)
    assert '"activation": "own:quartic"' in record.attrs["config"]


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        (
            (quartic, quartic),
            r"the derivative of an activation must be that of the function, at -2.3 -48.6\d*, got 27.98",
        ),
        ((quartic,), r"an activation of your own needs its derivative, Activation\(f, df\), got None"),
        ((math.sin, math.cos), r"an activation must take arrays, got TypeError"),
    ],
)
def test_an_activation_of_your_own_is_checked(functions, message):
    with pytest.raises(InputError, match=message):
        Activation(*functions)


def test_names_round_trip():
    for name in reference.ACTIVATIONS:
        activation = parse_activation(name)
        assert parse_activation(str(activation)) == activation
