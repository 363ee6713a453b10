"""The statistics of experiments and of the main job: moments over seeds, extrapolation, families of tests, verdicts.

`seeds` says mean, spread and standard error; `extrapolation` takes measurements to infinite width; `family` judges many
comparisons as one; `jackknife` takes standard errors by
leaving one out; `verdict` puts statements together to what is held, refuted or undecided; `error_rates` states, side
by side, how often each of them may be wrong.
"""
