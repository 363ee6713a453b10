"""The predicted limit against networks of finite width: the difference must be a series in 1/width that starts at zero.

The networks are run here in a few lines of their own. At every width the C-NFA of one small gradient step is averaged
over seeds; a weighted fit of ``a + b/k + e/k^2`` gives the limit ``a`` with its standard error, for a z-test.
False-alarm rate: 1e-4 for each layer and case, eight in all. A prediction that is two percent off is refused by the
same test.
"""

import math

import numpy as np
import pytest
from scipy import special, stats

from nfa_theory import MLP
from nfa_theory.predict import predict_alignment

BOUND = stats.norm.isf(0.5e-4)
WIDTHS = np.array([24, 48, 96, 192])
SEEDS = np.array([1600, 800, 400, 200])
ACTIVATIONS = {
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0) * 1.0),
    "erf": (special.erf, lambda h: 2 / math.sqrt(math.pi) * np.exp(-(h**2))),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
}


def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((8, 4)) * [2.0, 1.0, 0.5, 0.5]
    return X, np.stack([X[:, 0] * X[:, 1], np.sign(X[:, 2])], axis=1)


def early_c_nfa(rng, k, X, Y, activation, gain, bias_std, random_start):
    """C-NFA of both hidden layers after one small step on squared error, for one random network of width k."""
    phi, slope = ACTIVATIONS[activation]
    W = [rng.standard_normal(s) * math.sqrt(gain / s[1]) for s in ((k, X.shape[1]), (k, k), (Y.shape[1], k))]
    b = [rng.standard_normal(len(w)) * bias_std for w in W]
    h1 = X @ W[0].T + b[0]
    h2 = phi(h1) @ W[1].T + b[1]
    f = phi(h2) @ W[2].T + b[2]
    R = Y - f if random_start else Y
    D2 = W[2][None] * slope(h2)[:, None, :]  # (n, c, k)
    D1 = (D2 @ W[1]) * slope(h1)[:, None, :]
    result = []
    for D, Z in ((D1, X), (D2, phi(h1))):
        dW = np.einsum("na,nak->nk", R, D).T @ Z
        D_dW = D.reshape(-1, k) @ dW
        F, G = dW.T @ dW, D_dW.T @ D_dW
        result.append(np.sum(F * G) / math.sqrt(np.sum(F * F) * np.sum(G * G)))
    return result


def fitted_limit(activation, gain, bias_std, random_start):
    """The limit of infinite width by layer, with its standard error."""
    X, Y = data()
    rng = np.random.default_rng(1)
    means, errors = [], []
    for k, seeds in zip(WIDTHS, SEEDS, strict=True):
        runs = np.array([early_c_nfa(rng, k, X, Y, activation, gain, bias_std, random_start) for _ in range(seeds)])
        means.append(runs.mean(axis=0))
        errors.append(runs.std(axis=0, ddof=1) / math.sqrt(seeds))
    design = np.stack([np.ones(4), 1 / WIDTHS, 1 / WIDTHS**2], axis=1)
    limits = []
    for layer in range(2):
        weight = 1 / np.array(errors)[:, layer]
        inverse = np.linalg.pinv(design * weight[:, None])
        limits.append((inverse[0] @ (np.array(means)[:, layer] * weight), np.linalg.norm(inverse[0])))
    return np.array(limits).T


CASES = [
    ("relu", "ntk", 1.0, 0.0, "zero"),
    ("relu", "he", 2.0, 0.0, "average"),
    ("erf", "ntk", 1.0, 0.6, "zero"),
    ("tanh", "he", 2.0, 0.0, "zero"),
]


@pytest.mark.parametrize(("activation", "parametrization", "gain", "bias_std", "start"), CASES)
def test_finite_networks_tend_to_the_prediction(activation, parametrization, gain, bias_std, start):
    X, Y = data()
    more = {"bias": True, "bias_std": bias_std} if bias_std else {}
    net = MLP((4, 64, 64, 2), activation, parametrization, **more)
    prediction = predict_alignment(X, Y, net, start, draws=2000)
    limit, error = fitted_limit(activation, gain, bias_std, start == "average")
    error = np.hypot(error, prediction.limit_error)
    assert np.all(abs(limit - prediction.limit) <= BOUND * error)
    assert np.any(abs(limit - 1.02 * prediction.limit) > BOUND * error)
    assert np.any(abs(limit - 0.98 * prediction.limit) > BOUND * error)
