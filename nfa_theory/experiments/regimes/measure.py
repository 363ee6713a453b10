"""One hidden layer in NTK parametrization and in muP: early series, lazy limit, feature-learning theory, simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import by_seed, side_by_side
from nfa_theory.experiments.through_training.measure import four_a_decade
from nfa_theory.predict import predict_course
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data import load_dataset
from numerics.networks.mlp import MLP
from numerics.training.simulation import simulate

STILL: Final = 0.02
"""Within this the UC-NFA stays at its start in NTK parametrization; in muP it moves by more."""
CLOSE: Final = 0.03
"""Within this theory and simulation agree at every time."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int = 100,
    directions: int = 20,
    width: int = 512,
    activation: str = "tanh",
    steps: int = 700,
    learning_rate: float = 0.1,
    seeds: Sequence[int] = tuple(range(10)),
) -> xr.Dataset:
    """Train the same networks in both parametrizations on the leading principal components of images.

    Notes
    -----
    The two have the same tangent kernel at initialization, and so the same time.
    """
    images = load_dataset(data, train=train)
    X, Y = principal_components(images.X.astype(np.float64), directions), images.Y.astype(np.float64)
    names = ("ntk", "mup")
    nets = [
        MLP((X.shape[1], width, Y.shape[1]), activation, name, zero_initial_function=name == "ntk") for name in names
    ]
    one = partial(_one, X, Y, steps=steps, learning_rate=learning_rate, seeds=seeds)
    makes = {f"training networks in {net.parametrization}": partial(one, net) for net in nets}
    record = side_by_side(names, pieces.records(makes), "parametrization")
    return record.assign_coords(time=("step", record.step.values * learning_rate))


def principal_components(X: Any, count: int) -> Any:
    """Write samples by their leading principal components, of mean square one for each."""
    U, values, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    leading = U[:, :count] * values[:count]
    return leading / np.sqrt(np.mean(leading**2))


def _one(
    X: Any,
    Y: Any,
    net: MLP,
    *,
    steps: int,
    learning_rate: float,
    seeds: Sequence[int],
    progress: Callable[[int, int], None],
) -> xr.Dataset:
    marks = four_a_decade(steps)
    times = np.array(marks) * learning_rate
    record = simulate(
        X,
        Y,
        net,
        steps=steps,
        learning_rate=learning_rate,
        optimizer="gd",
        measure=marks,
        seed=list(seeds),
        progress=progress,
    )
    early = predict_course(X, Y, net, times)
    found: dict[str, Any] = {}
    for name in ("c_nfa", "uc_nfa"):
        course = getattr(early, name)
        found[f"early_{name}"] = np.where(course.trusted, course.mean, np.nan)
        record[f"trusted_time_{name}"] = ("layer", np.minimum(course.trusted_time, times[-1]))
    if net.parametrization == "mup":
        whole = predict_course(X, Y, net, times, regime="mup")
        found |= {"predicted_c_nfa": whole.c_nfa.mean, "predicted_uc_nfa": whole.uc_nfa.mean}
    else:
        start = np.broadcast_to(early.uc_nfa.mean[0], (len(times), net.depth))
        found |= {"predicted_c_nfa": early.limit, "predicted_uc_nfa": start}
    for name, values in found.items():
        record[name] = (("step", "layer"), values)
    return record


def judge(record: xr.Dataset) -> Verdict:
    """Test that the UC-NFA stays in one parametrization and moves in the other, and both theories at later times."""
    moved = record.uc_nfa.sel(layer=1) - record.uc_nfa.isel(step=0).sel(layer=1)
    parts = [
        Part(
            "the UC-NFA in NTK parametrization ends where it started",
            by_seed(moved.isel(step=-1), parametrization="ntk"),
            above=-STILL,
            below=STILL,
        ),
        Part("the UC-NFA in muP rises", by_seed(moved.isel(step=-1), parametrization="mup"), above=STILL),
    ]
    for name, theory in (("ntk", "the lazy limit"), ("mup", "the feature-learning theory")):
        for quantity, label in (("c_nfa", "C-NFA"), ("uc_nfa", "UC-NFA")):
            gap = (record[quantity] - record[f"predicted_{quantity}"]).sel(layer=1, parametrization=name)
            for step in record.step.values[[len(record.step) // 2, -1]].tolist():
                text = f"{theory} gives the {label} at step {step}"
                parts.append(Part(text, by_seed(gap, step=step), above=-CLOSE, below=CLOSE))
    return Verdict(parts)


EXPERIMENT = Experiment(
    title="The regimes side by side",
    claim="With kernels that stand still (NTK parametrization) the UC-NFA stays at its start, and with features that "
    "move (muP) it rises; each theory gives both alignments through training.",
    measure=measure,
    judge=judge,
    quick={"width": 128, "steps": 200, "seeds": (0, 1, 2, 3)},
    source="Jacot, Gabriel and Hongler (arXiv 1806.07572) for the former, Bordelon and Pehlevan (arXiv 2205.09653) for "
    "the latter; the alignments are predicted here",
)
