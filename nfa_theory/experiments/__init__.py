"""The paper's experiments: a claim in a sentence, a record of what was measured, a verdict and figures.

A new experiment is one new module here with an ``EXPERIMENT``; see `nfa_theory.experiments.experiment`.
"""

from nfa_theory.experiments.experiment import Experiment, verdict_of
from nfa_theory.experiments.registry import all_experiments, find_experiment

__all__ = ["Experiment", "all_experiments", "find_experiment", "verdict_of"]
