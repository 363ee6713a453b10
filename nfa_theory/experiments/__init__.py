"""The paper's experiments: each is a function that trains networks and returns a record of what was measured."""

from nfa_theory.experiments.batch_size import batch_size
from nfa_theory.experiments.broken_alignment import broken_alignment
from nfa_theory.experiments.chain_monomial import chain_monomial_features
from nfa_theory.experiments.converged import converged_with_weight_decay
from nfa_theory.experiments.favored_layer import favored_layer
from nfa_theory.experiments.initialization_scale import initialization_scale
from nfa_theory.experiments.spectrum_decay import spectrum_decay
from nfa_theory.experiments.through_training import through_training

__all__ = [
    "batch_size",
    "broken_alignment",
    "chain_monomial_features",
    "converged_with_weight_decay",
    "favored_layer",
    "initialization_scale",
    "spectrum_decay",
    "through_training",
]
