"""The coefficients of ``1/width`` where `derivations` has them in closed form: one output, polynomial activation.

``quadratic.finite_width_mean`` is a trace polynomial of two moments of the data, for any number of samples;
``width_correction`` averages fourth moments of the slope over all quadruples of samples, for a few dozen of them.
"""

from typing import Any, NamedTuple

import numpy as np

from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.neuron_averages import in_own_basis

MOST_SAMPLES = 24
"""Of which all quadruples are taken: n^4 numbers, and the principal axes of an n^2 x n^2 matrix, in half a second."""


class WidthCorrection(NamedTuple):
    """Mean and variance over initializations to first order in ``1/k``, relative to the limit.

    Parameters
    ----------
    bias, spread : float
        The mean is ``limit (1 + bias / k)`` and the variance ``limit^2 spread / k``.
    """

    bias: float
    spread: float


def closed_correction(problem: Problem) -> WidthCorrection | None:
    """Evaluate the closed form."""
    net, R = problem.net, problem.R
    settled = R is not None and not problem.own_function and not problem.batch_size
    signs = net.initialization == "gaussian" and net.readout == "signs"
    if not (settled and signs and net.depth == 1 and R.shape[1] == 1):
        return None
    X, r = in_own_basis(problem.inputs().astype(np.float64)), R[:, 0].astype(np.float64)
    if net.activation.name == "quadratic" and not net.bias_variance(1):
        return _of_quadratic(X / abs(X).max(), r / abs(r).max())
    from derivations.registry import get_derivation  # SymPy takes a moment to import
    from derivations.wide.width_correction import ACTIVATIONS

    which = (net.activation.name, _degree(net.activation.parameter))
    key = next((key for key, each in ACTIVATIONS.items() if each == which), None)
    if key is None or len(X) > MOST_SAMPLES:
        return None
    S = X @ X.T
    K = net.weight_variance(1) * S / net.widths[0] + net.bias_variance(1)
    found = get_derivation(f"wide.width_correction_{key}").function(K=K, S=S, r=r, k=1)
    return WidthCorrection(found["mean"] / found["limit"] - 1, found["variance"] / found["limit"] ** 2)


def _of_quadratic(X: Any, r: Any) -> WidthCorrection:
    """Evaluate the series ``1 + c_1/k + c_2/k^2`` at two widths, which gives ``c_1``."""
    from derivations.registry import get_derivation

    function = get_derivation("quadratic.finite_width_mean").function
    values = {"A": X.T @ (r[:, None] * X), "B": X.T @ X, "d": X.shape[1]}
    k = 1024
    narrow, wide = (function(**values, k=width) for width in (k, 2 * k))
    relative = [width * (each["mean"] / each["limit"] - 1) for width, each in ((k, narrow), (2 * k, wide))]
    return WidthCorrection(float(2 * relative[1] - relative[0]), float(k * narrow["variance"] / narrow["limit"] ** 2))


def _degree(parameter: float | None) -> int | None:
    return None if parameter is None else int(parameter)
