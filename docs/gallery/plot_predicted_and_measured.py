"""
Predicted, then measured
========================

The early C-NFA that theory predicts from the data alone, as a line for each layer, and networks of four widths after
one small step: mean and standard error over initializations.
"""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt

import nfa_theory as nfa
from nfa_theory.figures import paper_style

data = nfa.load_dataset("fashion_mnist_subset", train=60, test=0)
widths, seeds = [32, 64, 128, 256], range(10)


def network(width):
    return nfa.MLP((784, width, width, 10), activation="erf", zero_initial_function=True)


def measure(width):
    record = nfa.simulate(
        data.X, data.Y, network(width), optimizer="gd", steps=1, learning_rate=1e-4, seed=[width + s for s in seeds]
    )
    return record.c_nfa.isel(step=-1).values


table = xr.Dataset(
    {
        "measured": (("width", "seed", "layer"), np.stack([measure(width) for width in widths])),
        "predicted": ("layer", nfa.predict_alignment(data.X, data.Y, network(256)).limit),
    },
    {"width": widths, "seed": list(seeds), "layer": [1, 2]},
)

with paper_style():
    figure, ax = plt.subplots(figsize=(3.4, 2.6))
    nfa.figures.plot_prediction(ax, table)
    ax.legend()
    plt.show()
