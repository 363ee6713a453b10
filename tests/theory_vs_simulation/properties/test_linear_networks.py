"""Linear networks of any depth: their flow closes over covariances, and is known at all times."""

import numpy as np
from hypothesis import strategies as st
from properties.agreement import agreement, refusal
from properties.limits import extrapolated
from properties.motion import flow, flowed, measured_layer, norm, rate
from properties.rounding import rounding
from properties.strategies import EIGENVALUES, configurations

from derivations.linear.decoupled import alignments_at
from derivations.linear.features import alignment_series
from nfa_theory import claims, features, predict_course
from nfa_theory.predict.course.flow_integration import RTOL
from nfa_theory.verify.instruments.one_layer import Layer
from numerics import Parameters, measure_layer
from numerics.optimizers import GradientFlow

LONG = GradientFlow()
STEPS = 100
"""More steps than an integration takes here; each may err by its tolerance."""


def product(matrices, size):
    """Multiply layers, the lowest first; none are the identity."""
    total = np.eye(size)
    for W in matrices:
        total = W @ total
    return total


def closed_flow(problem):
    """The velocity of any layer, and its features, from two covariances."""
    weights, index, n = problem.start.weights, problem.layer - 1, len(problem.X)
    A, B = product(weights[:index], problem.net.inputs), product(weights[index + 1 :], len(problem.W))
    Sigma_xx, Sigma_yx = problem.X.T @ problem.X / n, problem.Y.T @ problem.X / n
    E = Sigma_yx - B @ problem.W @ A @ Sigma_xx
    found = features(problem.X, problem.net, problem.start, layer=problem.layer)
    above, below = rounding(*weights[index + 1 :]), np.prod([np.linalg.norm(W) for W in weights[:index]])
    pull = norm([Sigma_yx]) + norm([Sigma_xx]) * np.prod([np.linalg.norm(W) for W in weights])
    velocity, allowed = -problem.gradient(), above * below * pull
    square = rounding(*weights[index + 1 :], *weights[index + 1 :])
    measured = {
        "dW/dt": (velocity, allowed),
        "dW/dt with E": (velocity, allowed),
        "K": (found.ptf_covariance, square),
        "G": (found.agop, square * norm([problem.W]) ** 2),
    }
    return {"A": A, "W": problem.W, "B": B, "E": E, "Sigma_xx": Sigma_xx, "Sigma_yx": Sigma_yx}, measured


def conservation(problem):
    """What the flow conserves between the first two layers of any number."""
    pace = rate(problem)
    if pace == 0:
        return {}, {}
    (end,) = flow(problem, [1 / pace], LONG)
    invariant = end.weights[1].T @ end.weights[1] - end.weights[0] @ end.weights[0].T
    allowed = STEPS * LONG.rtol * norm(end.weights) ** 2
    return {"W1": problem.start.weights[0], "W2": problem.start.weights[1]}, {"invariant": (invariant, allowed)}


def all_times(problem, *, time):
    """The predicted course of a network with or without biases, as long as it has been trained."""
    pace = rate(problem)
    if pace == 0:
        return {}
    times = np.array([0.1, 1.0]) * time / pace
    fine, coarse = flow(problem, times, LONG), flow(problem, times, GradientFlow(rtol=1e-8, atol=1e-10))
    change = norm([fine[0].weights[problem.layer - 1] - problem.W])
    if change < 1e-6 * norm(problem.start.weights):
        return {}
    predicted = predict_course(problem.X, problem.Y, problem.net, times, initial_weights=problem.start)
    found, lost = {}, STEPS * (LONG.rtol * norm(problem.start.weights) / change + RTOL)
    for name, claimed in (("c_nfa", predicted.c_nfa), ("uc_nfa", predicted.uc_nfa)):
        exact, near = ([getattr(measured_layer(problem, end), name) for end in ends] for ends in (fine, coarse))
        unknown = 10 * np.max(np.abs(np.subtract(exact, near)))
        found[name] = claimed.mean[:, problem.layer - 1], np.array(exact), unknown + lost
    return found


def series(problem, *, order):
    """Each Taylor coefficient of both alignments, from covariances; the multipliers are absorbed in the inputs."""
    times, ends, lost = flowed(problem, 0.05)
    if not times:
        return {}
    net, n = problem.net, len(problem.X)
    Z = problem.X * np.prod([net.scaling(layer).multiplier for layer in range(1, net.depth + 2)])
    claimed = alignment_series(problem.start.weights, Z.T @ Z / n, problem.Y.T @ Z / n, order, problem.layer)
    scale = net.scaling(1).learning_rate_scale
    powers = (scale * np.array(times)[:, None]) ** np.arange(order + 1)
    layers, found = [measured_layer(problem, end) for end in ends], {}
    for name, coefficients in (("c_nfa", claimed["C-NFA"]), ("uc_nfa", claimed["UC-NFA"])):
        left = np.array([getattr(each, name) for each in layers]) - powers[:, :order] @ coefficients[:order]
        unknown = 4 * lost / powers[-1, order]
        found[name] = coefficients[order], *extrapolated(left / powers[:, order], unknown)
    return found


def balanced(problem):
    """Balanced layers keep AGOPs that are powers of the NFM."""
    d, depth, rng = problem.net.inputs, problem.net.depth, np.random.default_rng(len(problem.X))
    frames = [np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(depth + 2)]
    strengths = np.sqrt(np.linalg.eigvalsh(problem.X.T @ problem.X / len(problem.X)).clip(0.25, 2))
    start = Parameters(tuple(frames[i + 1] * strengths @ frames[i].T for i in range(depth + 1)))
    activity = problem.net.forward(problem.X, start)
    balanced = Layer(problem.net, problem.layer, problem.X, problem.Y, start, activity)
    pace = rate(balanced)
    if pace == 0:
        return {}
    (end,) = flow(balanced, [1 / pace], LONG)
    found = features(problem.X, problem.net, end, layer=problem.layer)
    exponent = claims["linear.balanced_power"].closed_form["exponent"].subs({"L": depth + 1, "l": problem.layer})
    lost = STEPS * LONG.rtol * norm(end.weights) ** (2 * int(exponent))
    return {"G": (np.linalg.matrix_power(found.nfm, int(exponent)), found.agop, lost)}


def decoupled(problem, *, signals, strengths, time):
    """Decoupled modes of two layers: their alignments are known at all times."""
    spectrum = np.linalg.eigvalsh(problem.X.T @ problem.X / len(problem.X)).clip(0.25, 4)
    d, rng = problem.net.inputs, np.random.default_rng(len(problem.X))
    s, u0 = np.array(signals[:d]), np.array(strengths[:d])
    V, U, R, Q = (np.linalg.qr(rng.standard_normal((size, d)))[0] for size in (d, d + 1, d + 2, d + 3))
    X, Y = np.sqrt(d + 3) * Q * np.sqrt(spectrum) @ V.T, np.sqrt(d + 3) * Q * (s / np.sqrt(spectrum)) @ U.T
    net = type(problem.net)((d, d + 2, d + 1), "linear", "lecun")
    start = Parameters((R * np.sqrt(u0) @ V.T, U * np.sqrt(u0) @ R.T))
    modes = Layer(net, 1, X, Y, start, net.forward(X, start))
    (end,) = flow(modes, [time], LONG)
    change = norm([end.weights[0] - modes.W])
    if change < 1e-6 * norm([modes.W]):
        return {}
    K = features(X, net, end, layer=1).ptf_covariance
    measured, claimed = measure_layer(end.weights[0], modes.W, K), alignments_at(s, u0, time, spectrum)
    lost = STEPS * LONG.rtol * norm(end.weights) / change
    return {"UC-NFA": (claimed["UC-NFA"], measured.uc_nfa, lost), "C-NFA": (claimed["C-NFA"], measured.c_nfa, lost)}


SOME = 0.12  # of the examples: each integrates a flow
LINEAR = {"activations": st.just("linear"), "bias": st.just(False)}
PLAIN = st.sampled_from(("lecun", "he", "pytorch"))  # multipliers are 1
VALUES = st.tuples(*[st.sampled_from(EIGENVALUES)] * 4)
CLOSED = configurations(**LINEAR, parametrizations=PLAIN)
TIMED = configurations(activations=st.just("linear"), time=st.sampled_from((1, 0.25, 2)))
SERIES = configurations(**LINEAR, order=st.integers(0, 2))
SQUARE = st.integers(1, 4).flatmap(
    lambda d: configurations(
        **LINEAR, inputs=st.just(d), widths=st.just(d), outputs=st.just(d), parametrizations=st.just("lecun")
    )
)
MODES = configurations(**LINEAR, depth=st.just(1), signals=VALUES, strengths=VALUES, time=st.sampled_from((1, 0.25, 2)))

test_closed_flow = agreement(closed_flow, CLOSED, "linear.closed_flow")
test_closed_flow_refuses = refusal(closed_flow, CLOSED, "linear.closed_flow")
test_conservation = agreement(conservation, configurations(**LINEAR), "linear.conservation", share=SOME)
test_conservation_refuses = refusal(conservation, configurations(**LINEAR), "linear.conservation")
test_all_times = agreement(all_times, TIMED, share=SOME)
test_all_times_refuses = refusal(all_times, TIMED)
test_series = agreement(series, SERIES, share=SOME)
test_series_refuses = refusal(series, SERIES)
test_balanced = agreement(balanced, SQUARE, share=SOME)
test_balanced_refuses = refusal(balanced, SQUARE)
test_decoupled = agreement(decoupled, MODES, share=SOME)
test_decoupled_refuses = refusal(decoupled, MODES)
