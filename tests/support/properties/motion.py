"""How weights move: a step of an optimizer, or the flow for a while, from the weights of a problem."""

import numpy as np

from numerics import Measure, Parameters, measure_layer, ptf_covariances, simulate
from numerics.networks.backpropagation import weight_gradients
from numerics.optimizers import GradientFlow
from properties.limits import AMPLIFIED, halvings

FLOW = GradientFlow(rtol=1e-13, atol=1e-15)


def moved(problem, optimizer, length, steps=1, **more):
    """Return the parameters after a step of this length, or several."""
    reached = []
    simulate(
        problem.X,
        problem.Y,
        problem.net,
        steps=steps,
        learning_rate=length,
        optimizer=optimizer,
        initial_weights=problem.start,
        measure=Measure([steps], observe=lambda seed, step, parameters: reached.append(parameters)),
        **more,
    )
    return reached[-1]


def flow(problem, times, integrator=FLOW):
    """Return the parameters at increasing times of the flow."""
    reached = []
    simulate(
        problem.X,
        problem.Y,
        problem.net,
        steps=len(times),
        learning_rate=np.diff([0.0, *times]),
        optimizer=integrator,
        initial_weights=problem.start,
        measure=Measure(1, observe=lambda seed, step, parameters: reached.append(parameters)),
    )
    return reached[1:]


def velocity(problem, parameters):
    """Return minus the gradient of the loss at some parameters, times the learning rate of each layer; flat."""
    activity = problem.net.forward(problem.X, parameters)
    misses = (activity.outputs - problem.Y) / len(problem.X)
    found = weight_gradients(problem.net, parameters, activity, misses)
    scales = [problem.net.scaling(layer).learning_rate_scale for layer in range(1, problem.net.depth + 2)]
    pairs = [*zip(scales, found.weights, strict=True), *zip(scales if found.biases else (), found.biases, strict=True)]
    return [-scale * gradient for scale, gradient in pairs]


def rate(problem):
    """Tell how fast the problem changes: the larger of the relative speeds of its weights and of their velocity."""
    start, v = problem.start, velocity(problem, problem.start)
    speed = max(np.linalg.norm(each) / np.linalg.norm(W) for each, W in zip(v, start.weights, strict=False))
    if speed == 0:
        return 0.0
    short = 1e-4 / speed
    shifted = [W + short * each for W, each in zip((*start.weights, *start.biases), v, strict=True)]
    layers = len(start.weights)
    later = velocity(problem, Parameters(tuple(shifted[:layers]), tuple(shifted[layers:])))
    change = norm([b - a for a, b in zip(v, later, strict=True)]) / (short * norm(v))
    return float(max(speed, change))


def norm(arrays):
    """Return the norm of all entries together."""
    return float(np.sqrt(sum(np.sum(each**2) for each in arrays)))


def crossed(problem, parameters):
    """Tell whether a pre-activation of an activation with a kink has changed its sign."""
    if problem.net.activation.name not in ("relu", "leaky_relu"):
        return False
    later = problem.net.forward(problem.X, parameters).preactivations
    return any(np.any((h > 0) != (g > 0)) for h, g in zip(problem.activity.preactivations, later, strict=True))


def flowed(problem, share):
    """Flow for times up to a share of that in which the problem changes; not if a kink is crossed or nothing moves.

    Returns
    -------
    times, parameters, lost
        At each time; ``lost`` is the relative rounding of the smallest change of the weights of the layer.
    """
    pace = rate(problem)
    if pace == 0:
        return [], [], 0.0
    times = halvings(share / pace)
    ends = flow(problem, times[::-1])[::-1]
    change = np.linalg.norm(ends[-1].weights[problem.layer - 1] - problem.W)
    state = norm([*problem.start.weights, *problem.start.biases])
    if crossed(problem, ends[0]) or change < 1e-8 * state:
        return [], [], 0.0
    return times, ends, AMPLIFIED * FLOW.rtol * state / change


def measured_layer(problem, parameters):
    """Measure the layer at some parameters."""
    K = ptf_covariances(problem.X, problem.net, parameters)[problem.layer - 1]
    return measure_layer(parameters.weights[problem.layer - 1], problem.W, K)
