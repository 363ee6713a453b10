"""From data and an architecture to the alignment of every layer, before any training."""

from nfa_theory.predict.prediction import AlignmentPrediction, predict_alignment

__all__ = ["AlignmentPrediction", "predict_alignment"]
