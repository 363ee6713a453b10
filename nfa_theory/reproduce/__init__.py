"""The main job: train, predict, measure, compare, and write it all down."""

from nfa_theory.reproduce.plan import PLANS, Plan
from nfa_theory.reproduce.run import reproduce

__all__ = ["PLANS", "Plan", "reproduce"]
