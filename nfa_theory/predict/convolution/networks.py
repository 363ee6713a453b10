"""The early C-NFA of random convolutional networks of finite width, from their tangent features at initialization.

For given weights ``dW`` is proportional to ``sum_rows D^T R Z`` and ``K`` to ``sum_rows D^T D``, a row being a position
of a sample. Nothing is expanded in the width.
"""

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.problem.problem import ConvProblem
from nfa_theory.predict.progress import Progress
from nfa_theory.predict.width.many_samples import alignments_of_sums
from nfa_theory.predict.width.moments import FiniteWidth, moments
from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.convolution.derivatives import outputs_and_ptf_sums, weight_gradients
from numerics.networks.parameters import Parameters

_NUMBERS = 2**23
"""Numbers of tangent features and patches that are kept at a time."""


def finite_width(problem: ConvProblem, networks: int, rng: np.random.Generator, progress: Progress) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations."""
    values = []
    for done in range(networks):
        values.append(early_alignments(problem, problem.net.initialize(rng, problem.Y.dtype)))
        progress(done + 1, networks)
    return moments(np.array(values))


def early_alignments(problem: ConvProblem, parameters: Parameters) -> Float[np.ndarray, " depth"]:
    """Compute the C-NFA of every layer of one network after a small step on all samples."""
    net = problem.net
    gradients = [np.zeros(shape) for shape in net.weight_shapes[:-1]]
    covariances = [np.zeros((k, k)) for k in net.channels]
    for rows in _pieces(problem.n, net):
        X = problem.inputs(rows)
        activity = net.propagate(X, parameters)
        own = problem.has_own_function
        R = problem.residuals_of(rows, activity.outputs) if own else problem.R[rows]
        for total, g in zip(gradients, weight_gradients(net, parameters, activity, R).weights, strict=False):
            total += g
        for total, K in zip(covariances, outputs_and_ptf_sums(net, parameters, X)[1], strict=True):
            total += K
    return alignments_of_sums(list(zip(gradients, covariances, strict=True)))


def _pieces(n: int, net: ConvNet) -> list[slice]:
    of_one = sum(net.sizes) + net.outputs * sum(p * k for p, k in zip(net.positions, net.channels, strict=True))
    size = max(1, _NUMBERS // of_one)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
