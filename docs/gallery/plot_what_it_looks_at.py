"""
What the network looks at
=========================

The diagonals of NFM and AGOP of the first layer as images, and the spectra of both, before and after training. The
final weights are caught by ``observe``, which sees them at every measurement.
"""

from matplotlib import pyplot as plt

import nfa_theory as nfa
from nfa_theory.figures import paper_style

data = nfa.load_dataset("fashion_mnist_subset", train=300)
net = nfa.MLP((784, 64, 64, 10), activation="relu", parametrization="pytorch")
seen = {}
nfa.simulate(
    data.X,
    data.Y,
    net,
    steps=150,
    learning_rate=0.5,
    measure=nfa.Measure(150, observe=lambda seed, step, weights: seen.update({step: weights})),
)

with paper_style():
    figure, axes = plt.subplots(2, 3, figsize=(7, 4.4))
    for row, (step, weights) in zip(axes, seen.items(), strict=True):
        features = nfa.features(data.X, net, weights, layer=1)
        nfa.figures.plot_agop(row[0], features.nfm, data.image_shape)
        nfa.figures.plot_agop(row[1], features.agop, data.image_shape)
        nfa.figures.plot_spectrum(row[2], {"NFM": features.nfm, "AGOP": features.agop})
        row[0].set_title(f"NFM, step {step}")
        row[1].set_title(f"AGOP, step {step}")
    plt.show()
