"""
Where the alignment comes from
==============================

UC-NFA is a sum: what was there at the start, what training made, and what both share. The parts are measured, not
modeled; the share of the centered part is what grows.
"""

from matplotlib import pyplot as plt

import nfa_theory as nfa
from nfa_theory.figures import paper_style

teacher = nfa.synthetic_dataset("chain_monomial", 300, 10, seed=1)
net = nfa.MLP((10, 64, 64, 1), activation="relu", parametrization="pytorch")
record = nfa.simulate(teacher.X, teacher.Y, net, steps=400, learning_rate=0.1, measure=20, seed=range(2))

with paper_style():
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True)
    for ax, layer in zip(axes, (1, 2), strict=True):
        nfa.figures.plot_decomposition(ax, record, layer)
        ax.set_title(f"layer {layer}")
    axes[0].legend()
    plt.show()
