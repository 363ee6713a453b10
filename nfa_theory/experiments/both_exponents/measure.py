"""Both exponents of the ansatz, 1 and 1/2, in one training run of a wide linear network from a random start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr

from nfa_theory.claims import claims
from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import along_seeds, side_by_side
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.optimizers import Descent
from numerics.training.measure import Measure
from numerics.training.simulation import simulate

SETTINGS: Final = {
    "squared error": ("mse", 0.0),
    "with weight decay": ("mse", 0.02),
    "cross-entropy": ("cross_entropy", 0.0),
}
"""Loss and weight decay."""
LITTLE, MUCH = (0.03, 0.3), (10.0, np.inf)
"""A mode has moved little, or much, where its eigenvalue over S is within these bounds."""
OFF: Final = {"little": 0.1, "much": 0.02}
"""How far the mean exponent may be from the predicted one there; at finite width the random function is added to it."""
DISTANCE: Final = 0.05
"""Distance of points from the curve on average, in decades of the AGOP's eigenvalue."""
MOVING: Final = 0.02
"""A slope is taken where a mode moves by this much of log g between measurements; at the end it stands still."""


def measure(
    pieces: Pieces,
    n: int = 60,
    d: int = 8,
    outputs: int = 4,
    width: int = 1024,
    strength: float = 0.05,
    learning_rate: float = 0.04,
    steps: int = 800,
    measurements: int = 24,
    settings: Sequence[str] = tuple(SETTINGS),
    seeds: Sequence[int] = (10, 11, 12, 13, 14),
) -> xr.Dataset:
    """Train on a linear teacher from independent Gaussian layers with ``s1 = s2 = strength``."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) * np.linspace(1.4, 0.7, d)
    left, right = (np.linalg.qr(rng.standard_normal((size, outputs)))[0] for size in (outputs, d))
    Y = X @ (right * np.geomspace(3.0, 0.5, outputs)) @ left.T
    at = np.unique(np.geomspace(1, steps, measurements).astype(int))
    kept = pieces.records(
        {
            f"{setting}, seed {seed}": partial(_one, X, Y, setting, width, strength, learning_rate, at, seed)
            for setting in settings
            for seed in seeds
        }
    )
    joined = [along_seeds(kept[start : start + len(seeds)]) for start in range(0, len(kept), len(seeds))]
    return side_by_side(settings, joined, "setting")


def _one(
    X: Any,
    Y: Any,
    setting: str,
    width: int,
    strength: float,
    learning_rate: float,
    at: Any,
    seed: int,
    **options: Any,
) -> xr.Dataset:
    """Train one network, and read both matrices along the directions of the AGOP."""
    loss, decay = SETTINGS[setting]
    labels = np.eye(Y.shape[1])[Y.argmax(axis=1)] if loss == "cross_entropy" else Y
    net = MLP((X.shape[1], width, Y.shape[1]), "linear", parametrization="lecun")
    rng = np.random.default_rng(seed)
    shapes = ((width, net.inputs), (net.outputs, width))
    start = [np.sqrt(strength / width) * rng.standard_normal(shape) for shape in shapes]
    seen: list[tuple[Any, Any]] = []

    def observe(_: int, step: int, found: Parameters) -> None:
        if step:
            seen.append(_eigenvalues(found.weights, start[0], strength, np.exp(-2 * decay * learning_rate * step)))

    record = simulate(
        X,
        labels,
        net,
        steps=int(at[-1]),
        learning_rate=learning_rate,
        loss=loss,
        seed=seed,
        initial_weights=start,
        optimizer=Descent(full_batch=True, weight_decay=decay),
        measure=Measure(at.tolist(), observe=observe),
        center_labels=False,
        **options,
    )
    record = record.sel(step=at)
    x, g = (np.array(each) for each in zip(*seen, strict=True))
    record["x"], record["g"] = (("seed", "step", "mode"), x[None]), (("seed", "step", "mode"), g[None])
    record["exponent"] = (("seed", "step", "mode"), _slopes(x, g)[None])
    curve = claims["training.local_exponent"].function(x=x, S=1.0)
    with np.errstate(all="ignore"):
        record["distance"] = (("seed", "step", "mode"), np.log10(g / curve["g"])[None])
        record["excess"] = record["exponent"] - curve["alpha"][None]
    return record


def _eigenvalues(weights: Any, W0: Any, strength: float, left: float) -> tuple[Any, Any]:
    """Return eigenvalues of the NFM less what is left of its start, and of the AGOP, along those of the AGOP.

    They are in units of ``S`` and of its square.
    """
    first, readout = weights
    _, values, directions = np.linalg.svd(readout @ first, full_matrices=False)
    now, before = (np.sum((W @ directions.T) ** 2, axis=0) for W in (first, W0))
    S = 2 * strength * left
    return (now - left * before) / S, values**2 / S**2


def _slopes(x: Any, g: Any) -> Any:
    """Return the slope of ``log x`` against ``log g`` along the run, NaN where a mode stands still."""
    with np.errstate(all="ignore"):
        dx, dg = (np.gradient(np.log(each), axis=0) for each in (x, g))
        return np.where(abs(dg) > MOVING, dx / dg, np.nan)


def judge(record: xr.Dataset) -> Verdict:
    """Test the exponent where little has moved and where much has, and how far points lie from the predicted curve."""
    parts = []
    for setting in record.setting.values.tolist():
        at = record.sel(setting=setting)
        for name, (low, high) in (("little", LITTLE), ("much", MUCH)):
            excess = at.excess.where((at.x > low) & (at.x < high)).mean(("step", "mode")).values
            text = f"{setting}: where modes have moved {name} the exponent is within {OFF[name]} of the predicted one"
            parts.append(Part(text, excess[np.isfinite(excess)].tolist(), -OFF[name], OFF[name]))
        distances = abs(at.distance.where(at.x > LITTLE[0])).mean(("step", "mode")).values.tolist()
        parts.append(Part(f"{setting}: points lie within {DISTANCE} decades of the curve", distances, below=DISTANCE))
    return Verdict(parts)


EXPERIMENT = Experiment(
    title="Both exponents in one run",
    claim="In a wide two-layer linear network from a random start the exponent with which the shifted NFM is a power "
    f"of the AGOP is within {OFF['little']} of (x + S) / (2 x + S) where modes have moved little (near 1) and within "
    f"{OFF['much']} where they have moved much (near 1/2), and eigenvalues lie within {DISTANCE} decades of the curve "
    "x (x + S), for both losses and with weight decay.",
    measure=measure,
    judge=judge,
    quick={"width": 512, "seeds": (0, 1, 2)},
    source="Derived here as training.agop_of_nfm and training.local_exponent",
)
