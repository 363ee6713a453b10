"""Duals of activations, against plain integrals over two independent Gaussians; at kinks they are split by angle."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import Activation

PAIRS = 4
SLOPES = (0.31, -0.62, 1.43)
DEGREE_OF_SMOOTH = 160
"""Gauss-Hermite error falls faster than any power for these; with variances below 1 it is rounding."""

Nodes = Callable[[Any], tuple[Any, Any]]
"""From a (2, 2) factor of the covariance to nodes, (count, 2), and weights for independent Gaussians."""


def _duals(
    trial: Trial, names: tuple[str, ...], nodes: Nodes, kind: str, slopes: tuple[float | None, ...] = (None,)
) -> Judge:
    """Average over ``(u, v) = L (x, y)`` for a few random factors ``L``, of which the pairs are correlated."""
    (name,), parameter = names[:1], (int(names[1]) if len(names) > 1 else None)
    measured: dict[str, list[Any]] = {"dual": [], "dual_of_derivative": []}
    values = []
    for slope in slopes:
        phi = Activation(name, parameter if slope is None else slope)
        for _ in range(PAIRS):
            L = _factor(trial.rng)
            x, weights = nodes(L)
            u, v = L @ x.T
            measured["dual"].append(weights @ (phi(u) * phi(v)))
            measured["dual_of_derivative"].append(weights @ (phi.derivative(u) * phi.derivative(v)))
            C = L @ L.T
            values.append({"q_1": C[0, 0], "q_2": C[1, 1], "c": C[0, 1], "a": slope})

    def predict(form: ClosedForm) -> ClosedForm:
        found = [evaluate(form, each) for each in values]
        return {name: np.array([each[name] for each in found]) for name in measured}

    def call(function: Any) -> ClosedForm:
        found = [function(**{key: value for key, value in each.items() if value is not None}) for each in values]
        return {name: np.array([float(each[name]) for each in found]) for name in measured}

    arrays = {name: np.array(each) for name, each in measured.items()}
    evaluated = by_function(f"wide.dual_{'_'.join(names)}", call)
    return both(identity(trial, arrays, predict, kind), identity(trial, named(arrays), evaluated, kind))


def _factor(rng: np.random.Generator) -> Any:
    """Draw a factor of a covariance with variances between 0.3 and 0.9 and any correlation."""
    angles, variances = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.3, 0.9, 2)
    return np.sqrt(variances)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _smooth(degree: int, L: Any) -> tuple[Any, Any]:
    return gaussian_nodes(2, degree)


def _split_at_kinks(L: Any) -> tuple[Any, Any]:
    """Integrate over angle and radius; between the lines ``u = 0`` and ``v = 0`` the integrand has no kink.

    With ``R^2 = 2 t`` the radius has the weight ``e^-t``: Laguerre's and Legendre's rules leave an error of rounding.
    """
    across = np.arctan2(-L[:, 0], L[:, 1])
    edges = np.unique(np.concatenate([across, across + np.pi]) % (2 * np.pi))
    edges = np.append(edges, edges[0] + 2 * np.pi)
    t, radial = np.polynomial.laguerre.laggauss(4)
    z, angular = np.polynomial.legendre.leggauss(30)
    widths = np.diff(edges)
    angles = (edges[:-1, None] + widths[:, None] * (z + 1) / 2).ravel()
    shares = (widths[:, None] * angular / (4 * np.pi)).ravel()
    radius = np.sqrt(2 * t)
    x = np.stack([np.outer(radius, np.cos(angles)), np.outer(radius, np.sin(angles))], axis=-1)
    return x.reshape(-1, 2), np.outer(radial, shares).ravel()


POLYNOMIALS = {"linear": 2, "quadratic": 4, "cubic": 6, "hermite_2": 4, "hermite_3": 6, "hermite_5": 10}
"""Degree of the product of two values."""
SMOOTH = ("erf", "exp", "sin", "cos")


def _polynomial(name: str, degree: int) -> Check:
    measure = partial(
        _duals, names=tuple(name.split("_")), nodes=partial(_smooth, degree), kind="exact average", slopes=(None,)
    )
    return Check(f"wide.dual_{name}", "every node for four covariances", "exact average", measure)


def _entire(name: str) -> Check:
    measure = partial(_duals, names=(name,), nodes=partial(_smooth, DEGREE_OF_SMOOTH), kind="identity")
    return Check(f"wide.dual_{name}", "integrals for four covariances", "identity", measure)


def _kinked(name: str, slopes: tuple[float | None, ...]) -> Check:
    measure = partial(_duals, names=(name,), nodes=_split_at_kinks, kind="identity", slopes=slopes)
    return Check(f"wide.dual_{name}", "integrals by angle for four covariances", "identity", measure)


CHECKS = (
    *(_polynomial(name, degree) for name, degree in POLYNOMIALS.items()),
    *(_entire(name) for name in SMOOTH),
    _kinked("relu", (None,)),
    _kinked("leaky_relu", SLOPES),
)
