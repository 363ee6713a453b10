"""FACT: the NFM at a stationary point with weight decay."""

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import MLP

NET = MLP((5, 7, 6, 8, 3), activation="tanh", bias=True, bias_std=0.3)


def _fact(trial: Trial, n: int) -> Judge:
    """Measure off stationarity, where both sides differ by the gradient of loss and decay, which backpropagation gives.

    ``lambda W = -grad`` holds at a stationary point; for any weights ``-grad`` is the left side at the decay that would
    make them stationary.
    """
    layer = Layer.draw(NET, 2, trial.rng, n)
    measured = {"decay W": -layer.gradient(), "decay F": -layer.W.T @ layer.gradient()}
    return identity(trial, measured, layer.values())


CHECKS = at_sizes("identities.fact", "the decay that makes any weights stationary", "identity", _fact, grid(n=(8, 9)))
