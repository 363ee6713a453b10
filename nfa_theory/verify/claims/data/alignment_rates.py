"""Rates of alignment: the second order of ``1 - rho`` around ``M = B = I``, from the cosine alone, and its averages."""

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from nfa_theory.verify.instruments.features import cosine, three_traces
from nfa_theory.verify.instruments.quadratic_start import centered_features
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

ISOTROPIC, HIGH = "data.isotropic_inputs", "data.high_dimension"
SIZES = ((7, 11), (40, 3), (5, 200), (9, 5), (3, 7), (11, 40))
"""Neurons and samples."""
DIMENSIONS, LARGE = (2, 3, 4, 5), (32, 64, 128, 256)
STEPS = tuple(0.002 / 2**i for i in range(4))
DRAWS, SHIFT = 64, 2.0
"""Disturbances of which one is chosen, and their mean size."""
CIRCLE = 0.05 * np.exp(2j * np.pi * np.arange(32) / 32)
"""Where the alignment is evaluated for its Taylor coefficients; what 32 points leave out is of order 0.05^32."""


def _defect(trial: Trial) -> Judge:
    """Disturb weights and inputs of a network a little, and give it labels with the same ``A``."""
    rng, d, n = trial.rng, 4, 12
    A = rng.standard_normal((d, d))
    A = (A + A.T) / np.linalg.norm(A + A.T)  # the trace of its fourth power, which the claim contains, is of order 1
    E, H = _balanced(A, rng)
    frame, other = np.linalg.qr(rng.standard_normal((6, d)))[0], np.linalg.qr(rng.standard_normal((n, d)))[0]
    defects = []
    for step in STEPS:
        W = frame @ np.linalg.cholesky(np.eye(d) + step * E).T
        X = np.sqrt(n) * other @ np.linalg.cholesky(np.eye(d) + step * H).T
        outer = (X[:, :, None] * X[:, None, :] / n).reshape(n, -1).T
        residuals = np.linalg.lstsq(outer, A.ravel(), rcond=None)[0]
        defects.append(1 - cosine(three_traces(*centered_features(X, residuals, W))))

    def predict(form: ClosedForm, step: float) -> ClosedForm:
        return evaluate({"defect": form["defect"]}, {"A": A, "S": step * (E + H), "L": _fourth(A)})

    return order(trial, STEPS, {"defect": defects}, predict, {"defect": 1})


def _balanced(A: Any, rng: np.random.Generator) -> Any:
    """Choose disturbances of weights and inputs such that neither term of the defect hides the other."""
    drawn = rng.standard_normal((DRAWS, 2, *A.shape))
    drawn = drawn + np.swapaxes(drawn, -1, -2) + SHIFT * np.eye(len(A))

    def share(both: Any) -> float:
        power, S = A @ A, both.sum(axis=0)
        return float(np.trace(power @ power @ S) ** 2 / _fourth(A) / np.trace(power @ S @ power @ S))

    return min(drawn, key=lambda both: abs(share(both) - 0.7))


def _fourth(A: Any) -> Any:
    return np.trace(np.linalg.matrix_power(A, 4))


def _second_order(A: Any, E: Any, H: Any, rest: Any = 0.0) -> Any:
    """Take the coefficient of ``s^2`` in ``1 - rho`` at ``M = I + s E``, ``B = I + s H``, by Cauchy's integral.

    Of a matrix that is diagonal outside a block only the block is needed, and the rest of the trace of ``A^4``.
    """
    circle = CIRCLE.reshape(-1, *(1,) * A.ndim)
    M, B = (np.eye(A.shape[-1]) + circle * each for each in (E, H))
    traces = [each + rest for each in three_traces(A @ M @ A, A @ M @ B @ M @ A)]
    return np.mean((1 - cosine(traces)) / circle[..., 0, 0] ** 2, axis=0).real


def _coordinates(d: int) -> list[tuple[Any, float]]:
    """List the independent entries of a symmetric matrix, with the variances that ``x x^T`` has for normal ``x``."""
    entries = []
    for i in range(d):
        for j in range(i + 1):
            one = np.zeros((d, d))
            one[i, j] = one[j, i] = 1
            entries.append((one, 2.0 if i == j else 1.0))
    return entries


def _form(A: Any) -> Any:
    """Measure the quadratic form of ``1 - rho``, entries of ``E`` before those of ``H``, by polarization."""
    entries = [each for each, _ in _coordinates(len(A))]
    none = np.zeros_like(A)
    directions = [(each, none) for each in entries] + [(none, each) for each in entries]
    form = np.diag([_second_order(A, *each) for each in directions])
    for i, j in combinations(range(len(directions)), 2):
        (E, H), (E2, H2) = directions[i], directions[j]
        form[i, j] = form[j, i] = (_second_order(A, E + E2, H + H2) - form[i, i] - form[j, j]) / 2
    return form


def _averages(A: Any) -> tuple[Any, Any]:
    """Return mean and variance of the form at each size: with normal entries these are traces of form and variances."""
    form, variances = _form(A), np.array([each for _, each in _coordinates(len(A))])
    products = [form * np.concatenate([variances / k, variances / n]) for k, n in SIZES]
    return np.array([np.trace(each) for each in products]), np.array([2 * np.sum(each * each.T) for each in products])


def _isotropic_inputs(trial: Trial, d: int) -> Judge:
    A = trial.rng.standard_normal((d, d))
    A = A + A.T
    mean, variance = _averages(A)

    def predict(form: ClosedForm) -> ClosedForm:
        wanted = {name: form[name] for name in ("mean", "variance")}
        found = [evaluate(wanted, {"A": A, "L": _fourth(A), "k": k, "n": n}) for k, n in SIZES]
        return {name: np.array([each[name] for each in found]) for name in wanted}

    judge = identity(trial, {"mean": mean, "variance": variance}, predict, "exact average")
    (k, n), epsilon = SIZES[0], 2 * np.sqrt(variance[0])
    chebyshev = {"mean": mean[0], "variance": variance[0], "probability": variance[0] / epsilon**2}
    evaluated = by_function(ISOTROPIC, lambda function: function(A=A, k=k, n=n, d=d, epsilon=epsilon))
    return both(judge, identity(trial, named(chebyshev), evaluated, "exact average"))


def _isotropic_labels(trial: Trial) -> Judge:
    found = [_averages(np.eye(d)) for d in DIMENSIONS]
    measured = {
        name: np.array([each[i] for each in found]) for i, name in enumerate(("isotropic", "isotropic variance"))
    }
    return identity(trial, measured, _sizes(DIMENSIONS), "exact average")


def _sizes(dimensions: tuple[int, ...]) -> dict[str, Any]:
    k, n = np.array(SIZES).T
    return {"d": np.array(dimensions)[:, None], "k": k, "n": n}


def _unrelated_labels(trial: Trial) -> Judge:
    """Use matrices ``A`` whose traces are exactly those of the semicircle, to which the claim is restricted."""
    measured = [_mean_of_diagonal(_semicircle(d)) for d in LARGE]

    def predict(form: ClosedForm, small: float) -> ClosedForm:
        k, n = np.array(SIZES).T
        return evaluate({"unrelated labels": form["unrelated labels"]}, {"d": round(1 / small), "k": k, "n": n})

    return order(trial, [1 / d for d in LARGE], {"unrelated labels": measured}, predict, {"unrelated labels": 1})


def _mean_of_diagonal(a: Any) -> Any:
    """Average over every entry of the fluctuations of neurons and of samples; each touches one or two eigenvalues."""
    total = np.sum(a**4)
    i, j = np.triu_indices(len(a), 1)
    pairs = a[np.stack([i, j], axis=1)][..., None] * np.eye(2)
    swap, none, one = np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(()), np.ones((1, 1))
    alone, rest = a[:, None, None], total - a[i] ** 4 - a[j] ** 4

    def mean(E: Any, H: Any) -> Any:  # a diagonal entry of x x^T has twice the variance of one beside the diagonal
        across = np.sum(_second_order(pairs, E * swap, H * swap, rest))
        return across + 2 * np.sum(_second_order(alone, E * one, H * one, total - a**4))

    neurons, samples = mean(1.0, none), mean(none, 1.0)
    return np.array([neurons / k + samples / n for k, n in SIZES])


def _semicircle(d: int) -> Any:
    """Find eigenvalues whose sums of powers 2, 4, 8 are ``d`` times the moments of a semicircle of variance ``2 d``."""
    z, w = np.polynomial.legendre.leggauss(200)
    angle = np.pi * (z + 1) / 2
    radius = np.sqrt(8 * d)
    density = w * np.sin(angle) ** 2  # x = radius cos(angle)
    powers = np.array([2, 4, 8])
    moments = np.array([density @ np.cos(angle) ** power for power in powers]) / density.sum()
    start = np.cos(np.pi * (np.arange(d // 2) + 0.7) / (d + 0.4))
    solved = least_squares(
        lambda x: 2 * np.sum(x[:, None] ** powers, axis=0) / (d * moments) - 1,
        start,
        jac=lambda x: 2 * powers[:, None] * x ** (powers[:, None] - 1) / (d * moments)[:, None],
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    return radius * np.concatenate([solved.x, -solved.x])


CHECKS = (
    Check(ISOTROPIC, "disturbed quadratic networks", "order", _defect),
    *(
        Check(ISOTROPIC, f"alignment of {d} x {d} matrices", "exact average", partial(_isotropic_inputs, d=d))
        for d in (3, 4)
    ),
    Check(HIGH, "A = I in 2 to 5 dimensions", "exact average", _isotropic_labels),
    Check(HIGH, "traces of a semicircle", "order", _unrelated_labels),
)
