"""Speed that is followed from version to version: the engine, the prediction and the simulator, a few cases each.

    pytest benchmarks/test_tracked.py --benchmark-autosave    time, and keep the numbers in .benchmarks
    pytest benchmarks/test_tracked.py --benchmark-compare     beside the last numbers of this machine

Not part of the tests: times say something only beside those of the same machine. The scripts in this folder compare
with other programs and print ratios of one run.
"""

import numpy as np
import pytest

import nfa_theory as nfa
from derivations.algebra import Matrix, Scalar, tr
from derivations.expectation import Wishart, expect


@pytest.mark.benchmark(group="engine")
@pytest.mark.parametrize("degree", [6, 8])
def test_expectation_of_a_wishart_power(benchmark, degree):
    """Once its tables are there; `benchmarks/expectation.py` times it in fresh processes."""
    W = Wishart("W", dof=Scalar("n"), covariance=Matrix("S", "d", symmetric=True))
    expression = tr(W**degree)
    assert expect(expression, over=[W]) == benchmark(expect, expression, over=[W])


@pytest.fixture(scope="module")
def images():
    return nfa.load_dataset("fashion_mnist_subset", train=400, test=0, dtype="float32")


@pytest.mark.benchmark(group="prediction")
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_limit_of_infinite_width(benchmark, images, activation):
    net = nfa.MLP((784, 256, 256, 256, 10), activation)
    nfa.predict_alignment(images.X[:50], images.Y[:50], net, "zero")  # derive the duals before the clock runs
    found = benchmark(nfa.predict_alignment, images.X, images.Y, net, "zero", method="exact")
    assert np.all((found.limit > 0) & (found.limit <= 1))


@pytest.mark.benchmark(group="simulator")
@pytest.mark.parametrize("width", [64, 256])
def test_an_epoch_with_its_measurements(benchmark, images, width):
    net = nfa.MLP((784, width, width, width, 10), parametrization="pytorch")
    record = benchmark(nfa.simulate, images.X, images.Y, net, epochs=1, learning_rate=0.1)
    assert record.sizes["layer"] == 3
