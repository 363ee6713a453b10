"""GELU, tanh, sigmoid, SiLU, softplus at any variance: a rectifier, sign or delta function of ``h + sqrt(tau) z``.

Claim: with an independent standard normal ``z``, averages over it of ``relu``, of the step and of the delta function at
``h + sqrt(tau) z`` are ``h Phi + sqrt(tau) n``, ``Phi`` and ``n / sqrt(tau)`` at ``h / sqrt(tau)``, with the normal
distribution ``Phi`` and its density ``n``. So GELU is ``relu - tau delta``, smoothed with ``tau = 1``. The logistic
function is a mixture of such steps: ``z`` has ``tau = 2 (E_1 + E_2 / 4 + E_3 / 9 + ...)`` with independent exponential
``E_k``, since both sides have the characteristic function ``pi t / sinh(pi t)``, the product of ``1 / (1 + t^2 / k^2)``
(Euler's product). Hence it is itself a smoothed step, ``tanh(h)`` a smoothed sign
(``tau / 4``), softplus a smoothed ``relu`` and SiLU ``relu - tau delta``. Smoothing adds ``tau`` to a variance and
nothing to a covariance: the duals are those of the rectifier at ``q_1 + tau_1`` and ``q_2 + tau_2``, averaged over
both. By the heat equation ``relu - tau delta`` is ``1 - 2 tau d/dq`` of ``relu``. A Gauss rule in ``log tau`` averages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from derivations.activation_integrals.definitions import c, h, q1, q2
from derivations.activation_integrals.evaluate import gap_of
from derivations.activation_integrals.rectifiers import rectifier_dual

NODES = 10
"""Of the rule over ``tau``: it gives the logistic function to 8e-9."""
_TERMS = 40
D, t1, t2 = sp.symbols("D tau_1 tau_2", positive=True)
_arc = sp.atan(c / sp.sqrt(D))

# Dual and dual of the derivative at variances q_1 (tau_1 included) and q_2, without the factor 1 / (2 pi).
_STABLE: dict[str, tuple[sp.Expr, sp.Expr]] = {
    "sign": (4 * _arc, 4 / sp.sqrt(D)),
    "step": (sp.pi / 2 + _arc, 1 / sp.sqrt(D)),
    "relu": (sp.sqrt(D) + c * (sp.pi / 2 + _arc), sp.pi / 2 + _arc),
    "relu - tau delta": (
        sp.sqrt(D) * (1 - t1 / q1 - t2 / q2) + c * (sp.pi / 2 + _arc) + t1 * t2 / sp.sqrt(D),
        sp.pi / 2 + _arc + c / sp.sqrt(D) * (t1 / q1 + t2 / q2) + t1 * t2 * c / sp.sqrt(D) ** 3,
    ),
}
_FORM = {"tanh": "sign", "sigmoid": "step", "softplus": "relu", "silu": "relu - tau delta", "gelu": "relu - tau delta"}


def _derived(form: str) -> sp.Expr:
    """Write a dual by what the rectifier's gives."""
    if form in ("sign", "step"):
        step = rectifier_dual(sp.Integer(0), 1)
        return step if form == "step" else 4 * (step - sp.Rational(1, 4))
    relu = rectifier_dual(sp.Integer(0), 0)
    if form == "relu":
        return relu
    once = relu - 2 * t1 * relu.diff(q1)
    return once - 2 * t2 * once.diff(q2)


def smoothed_obligations(name: str) -> dict[str, sp.Expr]:
    """Compare the stable form with the derived one by their derivatives in the covariance, and where that vanishes."""
    form = _FORM[name]
    value, slope = (each.subs(D, q1 * q2 - c**2) / (2 * sp.pi) for each in _STABLE[form])
    derived = _derived(form)
    return {
        # Arc sine and arc tangent are one function: they agree at c = 0, and so do their derivatives everywhere.
        "smoothed, slope of the derivative": sp.simplify(derived.diff(c, 2) - slope.diff(c)),
        "smoothed, derivative at independent arguments": sp.simplify((derived.diff(c) - slope).subs(c, 0)),
        "smoothed, Price's relation": sp.simplify(value.diff(c) - slope),
        "smoothed, independent arguments": sp.simplify((derived - value).subs(c, 0)),
        **{f"smoothing of {what}": each for what, each in _smoothing().items()},
    }


@cache
def _smoothing() -> dict[str, sp.Expr]:
    """Differentiate the claimed averages: each is the derivative of the one before, up to the density of ``z``."""
    s = sp.Symbol("s", positive=True)
    n = sp.exp(-(h**2) / (2 * s**2)) / sp.sqrt(2 * sp.pi)
    Phi = (1 + sp.erf(h / (s * sp.sqrt(2)))) / 2
    relu = h * Phi + s * n
    return {"relu": sp.simplify(relu.diff(h) - Phi), "step": sp.simplify(Phi.diff(h) - n / s)}


@cache
def mixture(name: str) -> tuple[Any, Any]:
    """Return nodes ``tau`` and weights of what an activation is smoothed with."""
    if name == "gelu":
        return np.ones(1), np.ones(1)
    log_tau, step = np.linspace(-2.2, 5.2, 2001, retstep=True)
    tau = np.exp(log_tau)
    weights = _density(tau) * tau * step  # the trapezoidal rule: the density falls doubly exponentially at both ends
    nodes, weights = _gauss_rule(log_tau, weights / weights.sum())
    return np.exp(nodes) / (4 if name == "tanh" else 1), weights


def _density(tau: Any) -> Any:
    """Return the density of the mixture by a series in ``exp(-tau / 2)``, for small ``tau`` in ``exp(-1 / tau)``."""
    k = np.arange(1, _TERMS)[:, None]
    large = np.sum((-1.0) ** (k - 1) * k**2 * np.exp(-(k**2) * tau / 2), axis=0)
    a = (2 * k - 1) ** 2 * np.pi**2 / 2
    small = np.sum(np.sqrt(8 * np.pi) * tau**-1.5 * np.exp(-a / tau) * (a / tau - 0.5), axis=0)
    return np.where(tau < 2, small, large)


def _gauss_rule(x: Any, w: Any) -> tuple[Any, Any]:
    """Condense many nodes to `NODES`, by Lanczos' recursion of orthogonal polynomials (Golub and Welsch 1969)."""
    diagonal, beside = np.zeros(NODES), np.zeros(NODES)
    before, here = np.zeros_like(x), np.ones_like(x)
    for j in range(NODES):
        diagonal[j] = np.sum(w * x * here**2)
        following = (x - diagonal[j]) * here - beside[j - 1] * before
        beside[j] = np.sqrt(np.sum(w * following**2))
        before, here = here, following / beside[j]
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
    return nodes, vectors[0] ** 2


@cache
def _compiled(form: str, which: int) -> Callable[..., Any]:
    return sp.lambdify((q1, q2, c, D, t1, t2), _STABLE[form][which] / (2 * sp.pi), "numpy", cse=True)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class SmoothedKernel:
    """The dual of an activation, or of its derivative, between any two of ``n`` samples, at any variance.

    Parameters
    ----------
    name : str
        ``"tanh"``, ``"sigmoid"``, ``"gelu"``, ``"silu"`` or ``"softplus"``.
    which : {0, 1}
        0 for the activation, 1 for its derivative.
    variance : (n,) array
        Variances of the pre-activations.
    """

    name: str
    which: int
    variance: Any
    numbers_per_sample = 1

    def __call__(self, covariance: Any, rows: Any, columns: Any) -> Any:
        """Evaluate one block."""
        q, r = self.variance[rows][:, None], self.variance[columns][None, :]
        return self._average(q, r, covariance).astype(covariance.dtype, copy=False)

    def diagonal(self) -> Any:
        """Return the value of every sample with itself."""
        q = self.variance
        return self._average(q, q, q).astype(q.dtype, copy=False)

    def _average(self, q: Any, r: Any, covariance: Any) -> Any:
        q, r, covariance = (each.astype(np.float64, copy=False) for each in (q, r, covariance))
        (bounded, gap), function = gap_of(q, r, covariance), _compiled(_FORM[self.name], self.which)
        total = np.zeros_like(covariance)
        tau, weights = mixture(self.name)
        for s, v in zip(tau, weights, strict=True):
            for t, w in zip(tau, weights, strict=True):
                determinant = gap + (s * r + t * q + s * t)
                total += v * w * function(q + s, r + t, bounded, determinant, s, t)
        return total


@dataclass(frozen=True)
class SmoothedKernelWithSlope:
    """Both duals.

    Parameters
    ----------
    value, slope : SmoothedKernel
        Each alone, of the same samples.
    """

    value: SmoothedKernel
    slope: SmoothedKernel
    numbers_per_sample = 1

    def __call__(self, covariance: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
        """Evaluate one block."""
        return self.value(covariance, rows, columns), self.slope(covariance, rows, columns)
