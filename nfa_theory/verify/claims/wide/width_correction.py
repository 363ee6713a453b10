"""Corrections of finite width, against networks that have every node of a quadrature, or every kind, as neurons."""

from functools import partial
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Shaped
from scipy.special import gammaln

from derivations.registry import get_derivation
from nfa_theory.verify.instruments.features import alignment, cosine, three_traces
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.networks.backpropagation import tangent_features

CLAIM = "wide.width_correction"
WIDTHS = (32, 64, 128, 256)
LETTERS = "abcd"
TUPLES = ((0, 1, 2, 3), (3, 1, 0, 2), (1, 1, 2, 3), (2, 0, 2, 0))
"""Samples that stand for a, b, c, d."""
SLOPE = 0.4


def _slopes(net: MLP, X: Any, W: Any) -> Any:
    """Measure ``phi'(h)`` of each neuron at each sample, (neurons, samples); the readout is 1."""
    start = net.parameters([W, np.ones((1, len(W)))], X)
    D = dict(tangent_features(net, start, net.forward(X, start)))[1]
    return D.reshape(len(X), -1).T / net.scaling(2).multiplier


def _far_from_aligned(drawn: Any, X: Any, psi: Any) -> Any:
    """Choose the residuals whose first step is aligned least: near 1 the variance is what is left of a cancellation."""

    def aligned(r: Any) -> float:
        rows = (psi * r) @ X  # of the step, one for each node
        seen = (psi.T @ rows).T
        return float(cosine(three_traces(rows.T @ rows, seen @ seen.T)))

    return min(drawn, key=aligned)


def _moments(trial: Trial, activation: str, degree: int) -> Judge:
    """Put every node of four Gaussian weights side by side into one hidden layer."""
    W, weights = gaussian_nodes(4, degree)
    X = trial.rng.standard_normal((4, 4))
    # Norms of one size but not equal: else one sample is all that a steep activation sees, and the variance rounding.
    norms = trial.rng.permutation([1.7, 1.9, 2.1, 2.3]) + trial.rng.uniform(0, 0.1, 4)
    X *= (norms / np.linalg.norm(X, axis=1))[:, None]
    psi = _slopes(MLP((4, len(W), 1), activation=activation), X, W)
    K = X @ X.T / 4
    measured = {
        "kernel": np.array([weights @ (psi[:, a] * psi[:, b]) for a, b, _, _ in TUPLES]),
        "fourth_moment": np.array([weights @ np.prod(psi[:, list(each)], axis=1) for each in TUPLES]),
    }
    values = {
        f"K_{LETTERS[i]}{LETTERS[j]}": np.array([K[each[i], each[j]] for each in TUPLES])
        for i, j in product(range(4), repeat=2)
        if i <= j
    }
    moments = {"kernel": np.einsum("w,wa,wb->ab", weights, psi, psi)}
    S, k = X @ X.T, 50
    r = _far_from_aligned(trial.rng.standard_normal((64, 4)), X, psi * np.sqrt(weights)[:, None])
    moments["fourth_moment"] = np.einsum("w,wa,wb,wc,wd->abcd", weights, psi, psi, psi, psi, optimize=True)
    of_function = get_derivation(CLAIM).function(S=S, r=r, **moments, k=k)  # judged by layers of leaky ReLU
    evaluated = by_function(f"{CLAIM}_{activation.replace(':', '_')}", lambda function: function(K=K, S=S, r=r, k=k))
    judge = identity(trial, measured, values, "exact average")
    return both(judge, identity(trial, named(of_function), evaluated, "exact average"))


class _Kinds:
    """Two samples in two dimensions: a leaky ReLU neuron has one of four pairs of slopes, with chances from angles.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the samples and of their residuals.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        angle = rng.uniform(0.8, 2.2)
        self.X = np.array([[1.0, 0.0], [1.3 * np.cos(angle), 1.3 * np.sin(angle)]])
        self.r = np.array([1.0, -0.7]) * rng.uniform(0.8, 1.2, 2)
        apart = angle / (2 * np.pi)
        inside, outside = self.X[0] + self.X[1] / 1.3, self.X[0] - self.X[1] / 1.3
        net = MLP((2, 4, 1), activation=f"leaky_relu:{SLOPE}")
        self.psi = _slopes(net, self.X, np.array([inside, -inside, outside, -outside]))
        self.chances = np.array([0.5 - apart, 0.5 - apart, apart, apart])

    def features(self, shares: Shaped[Any, "... 4"]) -> tuple[Any, Any]:
        """Let each kind of neuron make up a share of the layer; return its first step's ``F`` and ``G``."""
        rows = (self.psi * self.r) @ self.X
        F = np.einsum("...s,si,sj->...ij", shares, rows, rows)
        seen = np.einsum("...s,sm,si->...mi", shares, self.psi, rows)
        return F, np.swapaxes(seen, -1, -2) @ seen

    def values(self) -> dict[str, Any]:
        """Return the limit of the tangent kernel, and the residuals with the inputs."""
        return {
            "kappa0": np.einsum("s,sm,sn->mn", self.chances, self.psi, self.psi),
            "A": np.outer(self.r, self.r) * (self.X @ self.X.T),
            "n": 2,
        }


def _limit(trial: Trial) -> Judge:
    """Let each kind have its expected share."""
    kinds = _Kinds(trial.rng)
    return identity(trial, alignment("limit", *kinds.features(kinds.chances)), kinds.values())


def _limit_of_many(trial: Trial) -> Judge:
    """Take some neurons for all kinds that there are, with any shares, at five samples in five dimensions."""
    rng, n = trial.rng, 5
    X, r, W = rng.standard_normal((n, n)), rng.standard_normal(n), rng.standard_normal((2 * n, n))
    psi, shares = _slopes(MLP((n, len(W), 1), activation="quadratic"), X, W), rng.dirichlet(np.full(len(W), 4.0))
    rows = (psi * r) @ X
    seen = np.einsum("s,sm,si->mi", shares, psi, rows)
    F, G = np.einsum("s,si,sj->ij", shares, rows, rows), seen.T @ seen
    kappa0 = np.einsum("s,sm,sn->mn", shares, psi, psi)
    return identity(trial, alignment("limit", F, G), {"kappa0": kappa0, "A": np.outer(r, r) * (X @ X.T), "n": n})


def _finite_width(trial: Trial) -> Judge:
    """Average over every number of neurons of each kind."""
    kinds = _Kinds(trial.rng)
    averages = [_mean_and_variance(kinds, k) for k in WIDTHS]
    values = kinds.values()

    def predict(form: ClosedForm, small: float) -> ClosedForm:
        limit = evaluate({"limit": form["limit"]}, values)
        given = {**values, "N": limit["limit numerator"], "D_1": limit["limit first"], "D_2": limit["limit second"]}
        rest = {name: form[name] for name in ("bias", "spread")}
        found = [evaluate(rest, {**given, "E": np.outer(psi, psi) - values["kappa0"]}) for psi in kinds.psi]
        bias, spread = (kinds.chances @ np.array([each[name] for each in found]) for name in rest)
        return {"mean": limit["limit"] * (1 + small * bias), "variance": small * limit["limit"] ** 2 * spread}

    measured = {name: [each[i] for each in averages] for i, name in enumerate(("mean", "variance"))}
    moments = {
        "kernel": values["kappa0"],
        "fourth_moment": np.einsum("s,sa,sb,sc,sd->abcd", kinds.chances, *[kinds.psi] * 4),
    }
    evaluated = by_function(
        CLAIM, lambda function, small: function(S=kinds.X @ kinds.X.T, r=kinds.r, **moments, k=round(1 / small))
    )
    times, expected = [1 / k for k in WIDTHS], {"mean": 2, "variance": 1}
    return both(
        order(trial, times, measured, predict, expected),
        order(trial, times, named(measured), evaluated, named(expected)),
    )


def _mean_and_variance(kinds: _Kinds, k: int) -> tuple[Any, Any]:
    counts = _counts(k)
    chances = np.exp(gammaln(k + 1) - gammaln(counts + 1).sum(axis=1) + counts @ np.log(kinds.chances))
    rho = cosine(three_traces(*kinds.features(counts / k)))
    mean = chances @ rho
    return mean, chances @ (rho - mean) ** 2


def _counts(k: int) -> Any:
    """List every way to divide k neurons among four kinds."""
    first, second = np.triu_indices(k + 1)
    second = second - first
    rest = k - first - second
    listed = np.repeat(np.stack([first, second], axis=1), rest + 1, axis=0)
    third = np.arange(len(listed)) - np.repeat(np.cumsum(rest + 1) - rest - 1, rest + 1)
    return np.column_stack([listed, third, np.repeat(rest, rest + 1) - third])


CHECKS = (
    Check(CLAIM, "two samples, infinite width", "identity", _limit),
    Check(CLAIM, "five samples, infinite width", "identity", _limit_of_many),
    Check(CLAIM, "two samples, every layer of leaky ReLU", "order", _finite_width),
    *(
        Check(
            f"wide.width_correction_{name}",
            "every neuron with four inputs",
            "exact average",
            partial(_moments, activation=activation, degree=degree),
        )
        for name, activation, degree in (
            ("quadratic", "quadratic", 4),
            ("cubic", "cubic", 8),
            ("hermite_3", "hermite:3", 8),
        )
    ),
)
