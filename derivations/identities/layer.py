"""One layer of any network, to first order: the definitions that results about a single layer start from.

A layer ``h = gamma W z`` sits somewhere in a network with outputs ``f``; ``gamma`` is the multiplier of the
parametrization (``1/sqrt(m)`` in NTK parametrization). A row stands for a pair (sample, output). Its input is a row of
``X = T Z``: ``T`` repeats the input of a sample for each of its outputs. The pre-activation tangent features are
``D = df/dh``, so that by the chain rule outputs change by ``D dh`` to first order.

A layer that is linear in its weights but sees several patches of a sample (a convolution) has the same form, with a
row for each pair of a patch and an output.
"""

from typing import Final

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, hadamard, identity, ones, tr

n: Final = Scalar("n")
"""Number of samples."""
N: Final = Scalar("N")
"""Number of rows: samples times outputs."""
k: Final = Scalar("k")
"""Fan-out of the layer."""
m: Final = Scalar("m")
"""Fan-in of the layer."""
gamma: Final = Scalar("gamma")
"""Multiplier of the parametrization."""

Z: Final = Matrix("Z", n, m)
"""Inputs of the layer, one sample a row."""
T: Final = Matrix("T", N, n)
"""Which sample a row belongs to: entries 0 and 1."""
X: Final = Matrix("X", N, m)
"""Inputs of the layer, one for each row: ``T Z``."""
W: Final = Matrix("W", k, m)
"""Weights of the layer."""
D: Final = Matrix("D", N, k)
"""Pre-activation tangent features (PTF), ``df/dh`` of each row."""
r: Final = Matrix("r", N, 1)
"""Residuals ``y - f`` of each row."""

K: Final = Matrix("K", k, symmetric=True)
"""PTF covariance ``D^T D / n``."""
kappa: Final = Matrix("kappa", N, symmetric=True, latex=r"\kappa")
"""Pre-activation tangent kernel (PTK) ``D D^T``."""
S: Final = Matrix("S", n, symmetric=True)
"""Gram matrix of the inputs, ``Z Z^T``."""


def first_order_change(V: MatrixPolynomial, inputs: MatrixPolynomial) -> MatrixPolynomial:
    """Return how the outputs change, to first order, when the pre-activations change by ``gamma V x``."""
    return hadamard(D * V * inputs.T * gamma, identity(N)) * ones(N)


def squared_loss(change: MatrixPolynomial) -> TracePolynomial:
    """Return the loss ``(1/2n) sum |y - f|^2`` when the outputs have changed."""
    left = r - change
    return tr(left.T * left) / (2 * n)
