"""How features start to move: measurements of the integrated flow, or of small steps, extrapolated to time zero."""

import numpy as np
from hypothesis import strategies as st
from properties.agreement import agreement, refusal
from properties.limits import AMPLIFIED, extrapolated, halvings
from properties.motion import crossed, flow, flowed, measured_layer, moved, rate
from properties.rounding import rounding
from properties.strategies import SMOOTH, STEEP, configurations

from nfa_theory import claims, predict_course
from nfa_theory.verify.instruments.one_layer import Layer
from numerics import ptf_covariances
from numerics.optimizers import Descent


def early_features(problem):
    """Centered features of any layer at leading order in time, and their alignment."""
    times, ends, lost = flowed(problem, 0.02)
    values, scale = problem.values(), problem.net.scaling(problem.layer).learning_rate_scale
    T, r, kappa = values["T"], values["r"], values["kappa"]
    P, Q = T.T @ (r * kappa * r.T) @ T, T.T @ (r * (kappa @ kappa) * r.T) @ T
    return {**values, "P": P, "Q": Q, "t": scale}, centered(problem, times, ends, lost)


def centered(problem, times, ends, lost):
    """Measure the centered features over the square of the time, and their alignment, as the time goes to zero."""
    found = {"F_c": [], "G_c": [], "C-NFA": []}
    for time, end in zip(times, ends, strict=True):
        dW = end.weights[problem.layer - 1] - problem.W
        K = ptf_covariances(problem.X, problem.net, end)[problem.layer - 1]
        found["F_c"].append(dW.T @ dW / time**2)
        found["G_c"].append(dW.T @ K @ dW / time**2)
        found["C-NFA"].append(measured_layer(problem, end).c_nfa)
    if not np.any(found["G_c"]):
        return {}
    return {name: extrapolated(values, 4 * lost * np.max(np.abs(values))) for name, values in found.items()}


def function_change(problem):
    """The function starts to move by the tangent kernels of all layers times the residuals."""
    pace = rate(problem)
    if pace == 0:
        return {}
    times, (n, c), net = halvings(0.02 / pace), problem.Y.shape, problem.net
    ends = flow(problem, times[::-1])[::-1]
    if crossed(problem, ends[0]):
        return {}
    f, Z, top = problem.activity.outputs, problem.activity.inputs[-1], net.scaling(net.depth + 1)
    changes = [net.forward(problem.X, end).outputs - f for end in ends]
    r = (problem.Y - f).reshape(-1, 1)
    Theta = np.kron(top.multiplier**2 * Z @ Z.T + net.bias, np.eye(c)) * top.learning_rate_scale
    for layer in range(1, net.depth + 1):
        values = Layer(net, layer, problem.X, problem.Y, problem.start, problem.activity).values()
        kernels = claims["wide.layer_share"].function(**values)
        kernel = kernels["Theta_W"] + net.bias * kernels["Theta_b"]
        Theta = Theta + kernel * net.scaling(layer).learning_rate_scale
    lost = AMPLIFIED * (rounding(Theta, r) + rounding(f, 1 / times[-1]))
    measured, allowed = extrapolated([change / t for change, t in zip(changes, times, strict=True)], lost)
    return {"df/dt": ((Theta @ r / n).reshape(n, c), measured, allowed)}


def epoch(problem, *, batch, order):
    """An epoch of small steps on batches is that many steps on all samples."""
    pace, n = rate(problem), len(problem.X)
    if pace == 0:
        return {}, {}
    b = max(size for size in range(1, batch + 1) if n % size == 0)
    samples = np.random.default_rng(order).permutation(n)[None]
    sizes = halvings(0.005 * b / n / pace)
    ends = [moved(problem, Descent(sample_order=samples), size, n // b, batch_size=b) for size in sizes]
    if any(crossed(problem, end) for end in ends):
        return {}, {}
    changes = [(end.weights[problem.layer - 1] - problem.W) / size for end, size in zip(ends, sizes, strict=True)]
    values = {**problem.values(), "eta": problem.net.scaling(problem.layer).learning_rate_scale, "b": b, "n": n}
    return values, {"dW": extrapolated(changes, AMPLIFIED * rounding(problem.W, 1 / sizes[-1]))}


def quadratic(problem):
    """Early features of a quadratic network from two moments of the data."""
    W, a = problem.start.weights
    r = problem.Y - problem.activity.outputs
    values = {"Z": problem.X, "r": r, "W": W, "a": np.diag(a[0]), "t": 1.0, "n": len(problem.X)}
    return values, centered(problem, *flowed(problem, 0.02))


def course(problem, *, order):
    """Each Taylor coefficient of the predicted course of a layer, from the flow and the coefficients below it."""
    times, ends, lost = flowed(problem, 0.05)
    if not times:
        return {}
    predicted = predict_course(problem.X, problem.Y, problem.net, [0.0], initial_weights=problem.start, order=order)
    powers, layers = np.array(times)[:, None] ** np.arange(order + 1), [measured_layer(problem, end) for end in ends]
    found = {}
    for name, claimed in (("c_nfa", predicted.c_nfa), ("uc_nfa", predicted.uc_nfa)):
        coefficients = claimed.coefficients[:, problem.layer - 1]
        left = np.array([getattr(each, name) for each in layers]) - powers[:, :order] @ coefficients[:order]
        found[name] = coefficients[order], *extrapolated(left / powers[:, order], 4 * lost / times[-1] ** order)
    return found


SOME = 0.12  # of the examples: each integrates a flow
ANY = configurations() | configurations(depth=st.just(1), activations=st.sampled_from(STEEP))
EPOCH = configurations(batch=st.integers(1, 3), order=st.integers(0, 9))
NONLINEAR = configurations(activations=st.sampled_from(SMOOTH[1:]), order=st.integers(0, 2))
QUADRATIC = configurations(
    depth=st.just(1),
    outputs=st.just(1),
    bias=st.just(False),
    activations=st.just("quadratic"),
    parametrizations=st.just("lecun"),
)

test_early_features = agreement(early_features, ANY, "early.centered_features", share=SOME)
test_early_features_refuses = refusal(early_features, ANY, "early.centered_features")
test_function_change = agreement(function_change, ANY, share=SOME)
test_function_change_refuses = refusal(function_change, ANY)
test_epoch = agreement(epoch, EPOCH, "early.epoch", share=SOME)
test_epoch_refuses = refusal(epoch, EPOCH, "early.epoch")
test_quadratic = agreement(quadratic, QUADRATIC, "quadratic.leading_order", share=SOME)
test_quadratic_refuses = refusal(quadratic, QUADRATIC, "quadratic.leading_order")
test_course = agreement(course, NONLINEAR, share=SOME)
test_course_refuses = refusal(course, NONLINEAR)
