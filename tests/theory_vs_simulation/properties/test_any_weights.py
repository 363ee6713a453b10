"""What holds at any weights: identities between features, gradients and residuals, up to rounding."""

import numpy as np
from hypothesis import strategies as st
from properties.agreement import agreement, refusal
from properties.motion import moved, rate
from properties.rounding import rounding
from properties.strategies import STEEP, configurations

from nfa_theory.verify.instruments.one_layer import Layer
from numerics import alignment, features, measure_layer, ptf_covariances
from numerics.optimizers import SpeedLimited


def agop(problem):
    """The AGOP of any layer is the PTF covariance between the weights."""
    values = problem.values()
    measured = features(problem.X, problem.net, problem.start, layer=problem.layer).agop
    return values, {"G": (measured, rounding(problem.gamma**2, values["K"], problem.W, problem.W))}


def left_singular_form(problem):
    """The UC-NFA does not depend on the right singular vectors of the weights."""
    found = features(problem.X, problem.net, problem.start, layer=problem.layer)
    if not (found.nfm.any() and found.agop.any()):
        return {}, {}
    U, s, Vt = np.linalg.svd(problem.W, full_matrices=False)
    M = U.T @ found.ptf_covariance @ U
    lost = np.linalg.norm(M) * s[0] ** 2 / np.linalg.norm(found.agop) * problem.gamma**2
    values = {"s": np.diag(s), "M": M, "V": Vt.T, "gamma": problem.gamma}
    return values, {"rho": (alignment(found.nfm, found.agop), rounding(lost))}


def decomposition(problem):
    """After a step, the nine shares of the UC-NFA are the claimed traces over the norms."""
    pace = rate(problem)
    if pace == 0:
        return {}, {}
    parameters = moved(problem, "gd", 0.1 / pace)
    W0, W = problem.W, parameters.weights[problem.layer - 1]
    K = ptf_covariances(problem.X, problem.net, parameters)[problem.layer - 1]
    whole = np.linalg.norm(W.T @ W) * np.linalg.norm(W.T @ K @ W)
    if whole == 0:
        return {}, {}
    shares = measure_layer(W, W0, K).decomposition * whole
    allowed = rounding(K) * (np.linalg.norm(W0) + np.linalg.norm(W - W0)) ** 4
    parts = ("initial", "cross", "centered")
    pairs = ((first, second, shares[i, j]) for i, first in enumerate(parts) for j, second in enumerate(parts))
    measured = {f"{first}-{second}": (share, allowed) for first, second, share in pairs}
    return {"W0": W0, "dW": W - W0, "K": K}, measured


def step(problem):
    """A step of gradient descent, taken by the optimizer, is the claimed sum over samples."""
    pace, values = rate(problem), problem.values()
    if pace == 0:
        return {}, {}
    t = 0.1 / pace * problem.net.scaling(problem.layer).learning_rate_scale
    dW = moved(problem, "gd", 0.1 / pace).weights[problem.layer - 1] - problem.W
    allowed = rounding(problem.gamma * t, values["D"], values["r"], values["Z"]) + rounding(problem.W)
    return {**values, "t": t}, {"dW": (dW, allowed)}


def speed_limited_step(problem, *, speed, others):
    """The NFM of one step of speed-limited optimization."""
    speeds = [speed if i == problem.layer else others for i in range(1, problem.net.depth + 2)]
    values, length = problem.values(), 2**-20
    eta = length * problem.net.scaling(problem.layer).learning_rate_scale
    q = np.sum(problem.gradient() ** 2)
    T, D, r, Z = (values[name] for name in "TDrZ")
    lost = rounding(problem.gamma, D, r, Z)
    if q <= 1e8 * lost**2:
        return {}, {}
    dW = moved(problem, SpeedLimited(speeds), length).weights[problem.layer - 1] - problem.W
    relative = 2 * lost / np.sqrt(q) + rounding(np.linalg.norm(problem.W) / (speed * eta))
    values |= {"P": T.T @ (r * values["kappa"] * r.T) @ T, "C": speed, "eta": eta}
    return values, {"q": (q, relative * q), "F_c": (dW.T @ dW, relative * np.sum(dW**2))}


def fact(problem, *, decay):
    """Labels that make a layer stationary with weight decay: its NFM is that of Jacobians and residuals.

    Where the gradient is not quite zero the two sides differ by ``W^T`` times the gradient.
    """
    values, W = problem.values(), problem.W
    D, X = values["D"], values["T"] @ values["Z"]
    pulls = (D[:, :, None] * X[:, None, :]).reshape(len(D), -1) * problem.gamma / len(problem.X)
    residuals = np.linalg.lstsq(pulls.T, decay * W.ravel())[0].reshape(problem.Y.shape)
    Y = problem.activity.outputs + residuals
    stationary = Layer(problem.net, problem.layer, problem.X, Y, problem.start, problem.activity)
    gradient = np.linalg.norm(stationary.gradient() + decay * W)
    if gradient > 1e-6 * decay * np.linalg.norm(W):
        return {}, {}
    lost = gradient + rounding(problem.gamma, D, residuals, values["Z"])
    measured = {"decay W": (decay * W, lost), "decay F": (decay * W.T @ W, lost * np.linalg.norm(W))}
    return stationary.values(), measured


ANY = configurations() | configurations(depth=st.just(1), activations=st.sampled_from(STEEP))
SPEEDS = st.sampled_from((1, 0.5, 2))
SLO = configurations(bias=st.just(False), speed=SPEEDS, others=SPEEDS)  # a bias counts as part of a layer's gradient
FACT = configurations(samples=st.integers(4, 8), inputs=st.integers(1, 2), widths=st.integers(1, 3), decay=SPEEDS)
SINGULAR = "identities.left_singular_form"

test_agop = agreement(agop, ANY, "identities.factorization", share=0.4)
test_agop_refuses = refusal(agop, ANY, "identities.factorization")
test_left_singular_form = agreement(left_singular_form, ANY, SINGULAR, share=0.4)
test_left_singular_form_refuses = refusal(left_singular_form, ANY, SINGULAR)
test_decomposition = agreement(decomposition, ANY, "identities.decomposition", share=0.4)
test_decomposition_refuses = refusal(decomposition, ANY, "identities.decomposition")
test_step = agreement(step, ANY, "early.weight_change", share=0.4)
test_step_refuses = refusal(step, ANY, "early.weight_change")
test_speed_limited_step = agreement(speed_limited_step, SLO, "early.slo_first_step", share=0.4)
test_speed_limited_step_refuses = refusal(speed_limited_step, SLO, "early.slo_first_step")
test_fact = agreement(fact, FACT, "identities.fact", share=0.4)
test_fact_refuses = refusal(fact, FACT, "identities.fact")
