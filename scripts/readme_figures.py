"""Draw the figures of the README into docs/images: ``python scripts/readme_figures.py`` (half a minute on one core)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

import nfa_theory as nfa
from nfa_theory.figures import NamedFigure, render

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def through_training() -> NamedFigure:
    """Train four networks on real images."""
    data = nfa.load_dataset("fashion_mnist_subset", train=1000, dtype="float32")
    net = nfa.MLP((784, *[128] * 4, 10), activation="relu", parametrization="pytorch")
    steps = [0, 1, 2, 4, 7, 10, 20, 40, 70, 100, 200, 400, 700, 1000]
    record = nfa.simulate(data.X, data.Y, net, steps=1000, learning_rate=0.5, seed=range(4), measure=steps)
    return nfa.figures.alignment_figure(record)


def phase_diagram() -> NamedFigure:
    """Evaluate a closed form over strengths and frequencies."""
    claim = nfa.claims["data.two_directions"]
    strength, frequency = np.geomspace(0.1, 100, 96), np.geomspace(1e-4, 1, 64)
    values = [[claim.function(a=1.0, b=b, p=1.0, q=q)["C-NFA"] for b in strength] for q in frequency]
    coordinates = {
        "frequency": ("frequency", frequency, {"long_name": "frequency of the second direction, q/p"}),
        "strength": ("strength", strength, {"long_name": "strength of the second direction, b/a"}),
    }
    diagram = xr.DataArray(values, coordinates, ("frequency", "strength"))
    return nfa.figures.phase_diagram_figure(diagram, what="early C-NFA", log=True)


if __name__ == "__main__":
    for name, make in (("through_training", through_training), ("phase_diagram", phase_diagram)):
        (IMAGES / f"{name}.png").write_bytes(render(make(), "png"))
