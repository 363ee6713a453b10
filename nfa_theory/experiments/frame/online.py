"""One-pass SGD on a teacher, simulated with fresh samples, beside what the overlaps at its start predict."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from jaxtyping import Float

from nfa_theory.predict import overlaps_of, predict_online
from numerics import MLP
from numerics.backend.version import package_version
from numerics.training.one_pass import OnePass
from numerics.training.records import machine

QUANTITIES: Final = ("uc_nfa", "c_nfa", "loss")
FRESH: Final = 40_000
"""Fresh inputs on which a network is measured."""
TINY: Final = 1e-4
"""A step that stands for gradient flow."""


@dataclass(frozen=True)
class Setting:
    """How a committee machine is trained.

    Parameters
    ----------
    activation : {"erf", "quadratic"}
        ``erf(z / sqrt 2)`` or ``z^2``.
    learning_rate : float
        ``eta``.
    batch_size : int
        ``b``.
    label_noise : float
        Standard deviation.
    """

    activation: str
    learning_rate: float
    batch_size: int
    label_noise: float

    @property
    def name(self) -> str:
        """How the setting is called in statements and figures."""
        return f"step {self.learning_rate:g}, batch {self.batch_size}, noise {self.label_noise:g}"

    def options(self) -> dict[str, Any]:
        """Return what simulation and prediction take alike."""
        return {
            "learning_rate": self.learning_rate,
            "batch_size": self.batch_size,
            "label_noise": self.label_noise,
        }


def runs_of(
    setting: Setting,
    d: int,
    students: int,
    teachers: int,
    times: Sequence[float],
    seeds: Sequence[int],
    *,
    progress: Callable[[int, int], None],
) -> xr.Dataset:
    """Train a network of each seed, each on a teacher of its own, and predict each from its own overlaps."""
    found = []
    for done, seed in enumerate(seeds, start=1):
        found.append(_one_run(setting, d, students, teachers, np.asarray(times), seed))
        progress(done, len(seeds))
    names = [f"{prefix}{name}" for prefix in ("", "predicted_", "flow_") for name in QUANTITIES]
    data = {name: (("seed", "time"), np.array([each[i] for each in found])) for i, name in enumerate(names)}
    attributes = {
        "config": json.dumps({"activation": setting.activation, "d": d, **setting.options()}),
        "version": package_version(),
        "machine": json.dumps(machine(), sort_keys=True),
    }
    return xr.Dataset(data, {"seed": np.asarray(seeds, np.int32), "time": np.asarray(times, float)}, attributes)


def _one_run(setting: Setting, d: int, k: int, m: int, times: Any, seed: int) -> Float[np.ndarray, "q t"]:
    weights, samples = (np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(2))
    W, T = weights.standard_normal((k, d)), weights.standard_normal((m, d))
    a = np.where(np.arange(k) % 2, -1.0, 1.0) * weights.uniform(0.5, 1.5, k)
    v = np.ones(m)
    steps = np.round(times * d).astype(int)
    simulated = _simulated(setting, W, T, a, v, steps, samples)
    start, at = overlaps_of(W, T), {"activation": setting.activation, "times": steps / d}
    predicted = predict_online(start, a, v, **at, **setting.options())
    flow = {"learning_rate": TINY, "times": steps / d * setting.learning_rate / TINY}
    without = predict_online(start, a, v, **{**at, **flow})
    both = [[getattr(each, name) for name in QUANTITIES] for each in (predicted, without)]
    return np.concatenate([simulated, *both])


def _simulated(
    setting: Setting, W: Any, T: Any, a: Any, v: Any, steps: Any, rng: np.random.Generator
) -> Float[np.ndarray, "q t"]:
    """Train, and measure by averages over fresh inputs: no moment is computed."""
    phi, slope = _activation(setting.activation)
    run = OnePass(phi, slope, T, v, **setting.options())
    k, d = W.shape
    found = []
    for _, now, readout in run.run(W, a, steps, rng):
        # Fresh inputs meet rows through these alone, and are Gaussian in any basis.
        rows = np.linalg.qr(np.concatenate([now, T]).T)[1] / np.sqrt(d)
        fields = rng.standard_normal((FRESH, len(rows))) @ rows
        tangents = slope(fields[:, :k]) * readout
        K = tangents.T @ tangents / FRESH
        miss = phi(fields[:, k:]) @ v - phi(fields[:, :k]) @ readout
        found.append([_alignment(now, K), _alignment(now - W, K), np.mean(miss**2) / 2])
    return np.array(found).T


def _activation(name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    act = MLP((1, 1, 1), name).activation
    scale = 2**-0.5 if name == "erf" else 1.0  # erf(z / sqrt 2), as in `predict_online`
    return lambda z: act(scale * z), lambda z: scale * act.derivative(scale * z)


def _alignment(V: Float[np.ndarray, "k d"], K: Float[np.ndarray, "k k"]) -> float:
    """Take the cosine of ``V^T V`` and ``V^T K V`` in the span of the rows of ``V``."""
    R = np.linalg.qr(V.T)[1]
    F, G = R @ R.T, R @ K @ R.T
    norms = np.linalg.norm(F) * np.linalg.norm(G)
    return float(np.sum(F * G) / norms) if norms > 0 else float("nan")
