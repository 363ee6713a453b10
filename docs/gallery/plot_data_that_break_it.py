"""
Data that break the alignment
=============================

Two directions, one rarer but stronger than the other: the early C-NFA of a wide quadratic network, from the closed form
of a claim. No network is trained here; the formula is the one that was derived.
"""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt

import nfa_theory as nfa
from nfa_theory.figures import paper_style

claim = nfa.claims["data.two_directions"]
strength, frequency = np.geomspace(0.1, 100, 48), np.geomspace(1e-4, 1, 32)
diagram = xr.DataArray(
    [[claim.function(a=1.0, b=b, p=1.0, q=q)["C-NFA"] for b in strength] for q in frequency],
    {
        "frequency": ("frequency", frequency, {"long_name": "frequency of the second direction, q/p"}),
        "strength": ("strength", strength, {"long_name": "strength of the second direction, b/a"}),
    },
    ("frequency", "strength"),
)

with paper_style():
    figure, ax = plt.subplots(figsize=(5, 3))
    ax.set_xscale("log")
    ax.set_yscale("log")
    figure.colorbar(nfa.figures.plot_phase_diagram(ax, diagram), label="early C-NFA")
    plt.show()

claim
