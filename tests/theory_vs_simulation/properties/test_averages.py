"""Averages over batches, weights and neurons: over every case where there are few, by bounds on chance elsewhere."""

import itertools
import math

import numpy as np
from hypothesis import strategies as st
from properties.agreement import agreement, refusal
from properties.limits import extrapolated
from properties.motion import flowed, measured_layer
from properties.rounding import rounding
from properties.strategies import configurations
from scipy import stats

from nfa_theory import MLP, predict_alignment, wide_kernels
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.one_layer import Layer
from numerics import Parameters
from numerics.networks.backpropagation import tangent_features

FALSE_ALARM = 1e-12
"""Chance that one number that is measured by chance refutes a true claim: 1e-6 for a million of them."""
NEURONS = 2**17
BLOCKS = 64


def batches(problem, *, batch):
    """One step on a batch, averaged over every batch that can be drawn."""
    n = len(problem.X)
    b, values = min(batch, n), problem.values()
    K, dWs = values["K"], [-problem.gradient(list(B)) for B in itertools.combinations(range(n), b)]
    F, G = np.array([dW.T @ dW for dW in dWs]), np.array([dW.T @ K @ dW for dW in dWs])
    T, r, kappa = values["T"], values["r"], values["kappa"]
    P, Q = T.T @ (r * kappa * r.T) @ T, T.T @ (r * (kappa @ kappa) * r.T) @ T
    square = problem.gamma**2 * np.linalg.norm(values["Z"]) ** 2
    lost = rounding(square, values["D"], values["D"], r, r)
    measured = {"E F_c": (F.mean(axis=0), lost), "E G_c": (G.mean(axis=0), lost * np.linalg.norm(kappa))}
    FG, FF, GG = (np.mean(np.sum(A * B, axis=(1, 2))) for A, B in ((F, G), (F, F), (G, G)))
    if min(FF, GG) > 0:
        unsure = lost * np.linalg.norm(F) / FF + lost * np.linalg.norm(kappa) * np.linalg.norm(G) / GG
        measured["ratio of averages"] = (FG / np.sqrt(FF * GG), unsure)
    return {**values, "P": P, "Q": Q, "eta": 1.0, "b": b, "n": n}, measured


def initial_features(problem):
    """The traces of the UC-NFA, averaged over every node of Gaussian weights of the layer."""
    k, m = problem.W.shape
    K = problem.values()["K"]
    nodes, weights = gaussian_nodes(k * m, degree=4)
    W = nodes.reshape(-1, k, m)
    F, G = np.swapaxes(W, 1, 2) @ W, np.swapaxes(W, 1, 2) @ K @ W
    pairs = {"numerator": (F, G), "first": (F, F), "second": (G, G)}
    averages = {name: weights @ np.sum(A * B, axis=(1, 2)) for name, (A, B) in pairs.items()}
    if averages["second"] == 0:
        return {}, {}
    number, first, second = averages.values()
    measured = {f"UC-NFA {part}": (average, rounding(k * m * average)) for part, average in averages.items()}
    measured["UC-NFA"] = (number / math.sqrt(first * second), rounding(k * m))
    return {"K": K, "k": k, "m": m}, measured


def wide(problem, k):
    """Widen the hidden layer, with a readout of signs: its tangent features are independent and bounded."""
    net, rng = problem.net, np.random.default_rng(len(problem.X))
    more = {"bias": True, "bias_std": 0.5} if net.bias else {}
    wider = MLP((net.inputs, k, net.outputs), net.activation, net.parametrization, readout="signs", **more)
    start = wider.initialize(rng)
    return wider, dict(tangent_features(wider, start, wider.forward(problem.X, start)))[1]


def tangent_kernel(problem):
    """The tangent kernel of an infinitely wide layer, within the empirical Bernstein bound (Maurer and Pontil 2009)."""
    net, D = wide(problem, NEURONS)
    pairs = list(itertools.combinations_with_replacement(range(len(problem.X)), 2))
    claimed, measured, allowed = [], [], []
    for i, j in pairs:
        products = NEURONS * D[i, 0] * D[j, 0]
        size, log = 2 * np.max(np.abs(NEURONS * D**2)), math.log(4 / FALSE_ALARM)
        spread = math.sqrt(2 * np.var(products, ddof=1) * log / NEURONS)
        claimed.append(wide_kernels(problem.X, net).tangents[0][i, j])
        measured.append(np.mean(products))
        allowed.append(spread + 7 * size * log / (3 * (NEURONS - 1)))
    return {"kappa": (np.array(claimed), np.array(measured), np.array(allowed))}


def wide_alignment(problem):
    """The C-NFA of an infinitely wide layer that starts from zero, by the jackknife over blocks of neurons."""
    net, D = wide(problem, NEURONS)
    (n, c), S = problem.Y.shape, problem.X @ problem.X.T
    blocks = D.reshape(n * c, BLOCKS, -1).swapaxes(0, 1)
    kernels = BLOCKS * blocks @ np.swapaxes(blocks, 1, 2)
    whole = kernels.mean(axis=0)
    without = [early_alignment((BLOCKS * whole - kernel) / (BLOCKS - 1), problem.Y, S) for kernel in kernels]
    measured = BLOCKS * early_alignment(whole, problem.Y, S) - (BLOCKS - 1) * np.mean(without)
    error = math.sqrt(BLOCKS - 1) * np.std(without)
    claimed = predict_alignment(problem.X, problem.Y, net, "zero").limit[0]
    lost = (
        2 * BLOCKS * rounding(1)
    )  # an alignment that is always 1 has no error of chance, but the jackknife has rounding
    return {"C-NFA": (claimed, measured, stats.t.isf(FALSE_ALARM / 2, BLOCKS - 1) * error + lost)}


def early_alignment(kappa, R, S):
    """Compute the C-NFA of a small step from its definition, given the tangent kernel and residuals."""
    n, c = R.shape
    blocks = kappa.reshape(n, c, n, c)
    P = np.einsum("mi,minj,nj->mn", R, blocks, R)
    Q = np.einsum("mi,mipq,pqnj,nj->mn", R, blocks, blocks, R, optimize=True)
    PS, QS = P @ S, Q @ S
    return np.trace(PS @ QS) / math.sqrt(np.trace(PS @ PS) * np.trace(QS @ QS))


def orthogonal_weights(problem):
    """A quadratic network with orthogonal weights starts as an infinitely wide one."""
    d = problem.net.inputs
    net, rng = MLP((d, d + 1, 1), "quadratic", "lecun"), np.random.default_rng(len(problem.X))
    start = Parameters((np.linalg.qr(rng.standard_normal((d + 1, d)))[0], rng.choice([-1.0, 1.0], (1, d + 1))))
    activity = net.forward(problem.X, start)
    from_zero = Layer(net, 1, problem.X, problem.Y + activity.outputs, start, activity)
    times, ends, lost = flowed(from_zero, 0.02)
    if not times:
        return {}
    measured, unknown = extrapolated([measured_layer(from_zero, end).c_nfa for end in ends], 4 * lost)
    return {"C-NFA": (predict_alignment(problem.X, problem.Y, net, "zero").limit[0], measured, unknown)}


BATCH = configurations(samples=st.integers(4, 6), batch=st.integers(1, 6))  # four distinct samples are needed
SMALL = configurations(inputs=st.integers(1, 3), widths=st.integers(1, 2))
BOUNDED = ("linear", "relu", "tanh", "erf", "sin", "gelu", "silu", "softplus", "cos", "leaky_relu:0.25")
ONE_LAYER = {"depth": st.just(1), "samples": st.integers(2, 3), "parametrizations": st.sampled_from(("ntk", "he"))}
WIDE = configurations(**ONE_LAYER, outputs=st.just(1), activations=st.sampled_from(BOUNDED))
MANY = configurations(**ONE_LAYER, activations=st.sampled_from(BOUNDED))
QUADRATIC = configurations(outputs=st.just(1), bias=st.just(False))

test_batches = agreement(batches, BATCH, "early.one_batch", share=0.12)
test_batches_refuses = refusal(batches, BATCH, "early.one_batch", term_by_term=False)  # of 370 terms
test_initial_features = agreement(initial_features, SMALL, "identities.initial_uc_nfa")
test_initial_features_refuses = refusal(initial_features, SMALL, "identities.initial_uc_nfa")
test_tangent_kernel = agreement(tangent_kernel, WIDE, share=0.12)
test_tangent_kernel_refuses = refusal(tangent_kernel, WIDE)
test_wide_alignment = agreement(wide_alignment, MANY, share=0.12)
test_wide_alignment_refuses = refusal(wide_alignment, MANY)
test_orthogonal_weights = agreement(orthogonal_weights, QUADRATIC, share=0.12)
test_orthogonal_weights_refuses = refusal(orthogonal_weights, QUADRATIC)
