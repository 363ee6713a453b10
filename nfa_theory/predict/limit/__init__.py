"""The early C-NFA at infinite width, from all samples or from subsets, on average over random functions."""
