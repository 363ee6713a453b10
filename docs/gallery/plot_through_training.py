"""
Alignment through training
==========================

UC-NFA and C-NFA of every hidden layer while a network learns, with bands over seeds.
"""

from matplotlib import pyplot as plt

import nfa_theory as nfa
from nfa_theory.figures import paper_style

data = nfa.load_dataset("fashion_mnist_subset", train=300)
net = nfa.MLP((784, 64, 64, 10), activation="relu", parametrization="pytorch")
steps = [0, 1, 2, 4, 7, 10, 20, 40, 70, 100, 200]
record = nfa.simulate(data.X, data.Y, net, steps=200, learning_rate=0.5, measure=steps, seed=range(3))

with paper_style():
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True)
    nfa.figures.plot_alignment(axes[0], record, "uc_nfa")
    nfa.figures.plot_alignment(axes[1], record, "c_nfa")
    axes[0].legend()
    plt.show()
