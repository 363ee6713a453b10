"""The experiments at a size of a second, each run once for all tests."""

from functools import cache

from nfa_theory.experiments import find_experiment

SMALL = {
    "batch_size": {"train": 64, "width": 32, "sizes": (4, 64), "seeds": (0, 1, 2)},
    "both_exponents": {
        "n": 20,
        "d": 5,
        "outputs": 3,
        "width": 32,
        "steps": 200,
        "measurements": 12,
        "seeds": (0, 1, 2),
    },
    "broken_alignment": {"n": 100, "d": 6, "width": 500, "balances": (0.4, 0.1), "seeds": (0, 1, 2)},
    "converged_with_weight_decay": {"n": 40, "d": 4, "width": 8, "steps": 200, "seeds": (0, 1, 2)},
    "decomposition": {"train": 100, "depth": 2, "width": 16, "epochs": 3, "seeds": (0, 1, 2)},
    "early_alignment": {
        "train": 40,
        "depth": 2,
        "widths": (16, 32, 64, 128),
        "fitted_from": 16,
        "seeds": (0, 1, 2),
    },
    "exponents": {"n": 40, "d": 5, "depth": 2, "width": 8, "steps": 50, "seeds": (0, 1, 2)},
    "favored_layer": {
        "train": 100,
        "depth": 2,
        "width": 16,
        "steps": 4,
        "sgd_rates": (0.1, 0.5),
        "speeds": (1.0, 1.0),
        "after": (0.01, 0.01),
        "seeds": (0, 1, 2),
    },
    "finite_width": {"depths": (2,), "widths": (16, 32), "train": 20, "seeds": tuple(range(12)), "networks": 12},
    "image_features": {"train": 60, "width": 16, "epochs": 2, "sgd_rates": (0.1,), "top": 4, "seeds": (0, 1, 2)},
    "initialization_scale": {"train": 100, "width": 16, "epochs": 3, "scales": (0.5, 2.0), "seeds": (0, 1, 2)},
    "low_rank_features": {"n": 80, "d": 6, "width": 8, "epochs": 2, "sgd_rates": (0.1, 0.2), "seeds": (0, 1, 2)},
    "one_pass": {"d": 60, "students": 2, "teachers": 1, "batch_sizes": (2,), "times": (0.5, 1.0), "seeds": (0, 1, 2)},
    "regimes": {"train": 20, "directions": 4, "width": 8, "steps": 4, "seeds": (0, 1, 2)},
    "spectrum_decay": {"n": 40, "d": 6, "width": 500, "decays": (0.0, 1.0), "seeds": (0, 1, 2)},
    "through_training": {"train": 100, "depth": 2, "width": 16, "epochs": 3, "seeds": (0, 1, 2)},
}

NEED_PYTORCH = {
    "convolutions": {
        "train": 40, "channels": 2, "width": 8, "depth": 2, "epochs": 2, "samples": 20, "combinations": "all",
        "batch_sizes": (20, 10), "seeds": (0, 1, 2),
    },
    "favored_convolution": {
        "train": 40, "channels": 4, "epochs": 2, "batch_size": 20, "sgd_rates": (0.1,), "seeds": (0, 1, 2),
    },
}  # fmt: skip
"""Tested where PyTorch is installed."""


@cache
def small_record(name):
    return find_experiment(name)(**(SMALL | NEED_PYTORCH)[name])
