"""Predicted and observed early C-NFA against the decay of the input spectrum."""

from functools import partial

from nfa_theory.experiments.frame.predicted_setting import predicted_setting_figures

figures = partial(predicted_setting_figures, dimension="decay", label="decay exponent of the input spectrum", log=False)
