"""Predicted and observed early C-NFA, from the balanced mixture to the broken one."""

from functools import partial

from nfa_theory.experiments.frame.predicted_setting import predicted_setting_figures

figures = partial(
    predicted_setting_figures, dimension="balance", label="share of samples along the first direction", log=True
)
