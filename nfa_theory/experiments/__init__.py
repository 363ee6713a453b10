"""The experiments: a claim in a sentence, a record of what was measured, a verdict and figures.

A new experiment is one new folder with ``measure.py``, which has an ``EXPERIMENT``, and ``figure.py``; see
`nfa_theory.experiments.frame.experiment`.
"""

from nfa_theory.experiments.frame.experiment import Experiment, verdict_of
from nfa_theory.experiments.frame.registry import all_experiments, find_experiment

__all__ = ["Experiment", "all_experiments", "find_experiment", "verdict_of"]
