"""Features of images with and without SLO: what the first layer sees, beside what the network reacts to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.optimizers import Trial, best_rate, compare_optimizers, plain_sgd
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import last_step, seed_by_seed
from nfa_theory.experiments.frame.training import BEFORE_AND_AFTER, on_images, test_set, train_and_keep
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data.dataset import DataSet
from numerics.feature_matrices.definitions import features as features_of
from numerics.networks.mlp import MLP
from numerics.optimizers import favor_layer
from numerics.training.measure import Measure

MARGIN: Final = 0.01
"""A test accuracy that is lower by this much is worse."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = None,
    depth: int = 2,
    width: int = 256,
    epochs: int = 20,
    seeds: Sequence[int] = tuple(range(1000, 1010)),
    sgd_rates: Sequence[float] = (0.1, 0.3, 0.6),
    speed: float = 0.5,
    others: float = 0.01,
    top: int = 10,
) -> xr.Dataset:
    """Train with plain SGD at several learning rates and with SLO on the first layer, and keep its features."""
    images, net = on_images(data, train, depth, width, parametrization="pytorch")
    trials = plain_sgd(sgd_rates) | {"slo 1": Trial(favor_layer(net, 1, others), speed, favored=1)}
    each = [partial(_one, images, net, epochs, top, seed) for seed in seeds]
    joined = compare_optimizers(pieces, trials, data, partial(seed_by_seed, each))
    return joined.assign_attrs(image_shape=list(images.image_shape or (1, images.X.shape[1], 1)))


def _one(images: DataSet, net: MLP, epochs: int, top: int, seed: int, **options: Any) -> xr.Dataset:
    options |= {"epochs": epochs, "seed": seed, "measure": Measure(BEFORE_AND_AFTER, test=test_set(images))}
    record, final = train_and_keep(images.X, images.Y, net, **options)
    learned = features_of(images.X, net, final, layer=1)
    vectors = {}
    for name, matrix in (("nfm", learned.nfm), ("agop", learned.agop)):
        values, vectors[name] = top_eigenvectors(matrix, top)
        record[f"{name}_diagonal"] = (("seed", "pixel"), np.diagonal(matrix)[None].astype(np.float32))
        record[f"{name}_values"] = (("seed", "rank"), values[None])
        record[f"{name}_vectors"] = (("seed", "rank", "pixel"), vectors[name][None].astype(np.float32))
    record["overlap"] = ("seed", [float(np.sum((vectors["nfm"] @ vectors["agop"].T) ** 2) / top)])
    return record


def top_eigenvectors(matrix: NDArray[Any], top: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest eigenvalues of a symmetric matrix and their eigenvectors, each with a positive sum."""
    values, vectors = np.linalg.eigh(np.asarray(matrix, np.float64))
    rows = vectors.T[: -top - 1 : -1]
    return values[: -top - 1 : -1], np.where(rows.sum(axis=1, keepdims=True) < 0, -rows, rows)


def judge(record: xr.Dataset) -> Verdict:
    """Test, seed by seed, SLO against plain SGD at its best rate (the one of the highest mean test accuracy)."""
    last = last_step(record)
    best = best_rate(record, last.test_accuracy)
    slo, sgd = (last.sel(optimizer=name) for name in ("slo 1", best))
    first = slo.uc_nfa.sel(layer=1) - sgd.uc_nfa.sel(layer=1)
    parts = [
        Part(f"UC-NFA of layer 1 of slo 1 - that of {best}", first.values.tolist(), above=0.0),
        Part(
            f"overlap of the top eigenvectors of NFM and AGOP of slo 1 - that of {best}",
            (slo.overlap - sgd.overlap).values.tolist(),
            above=0.0,
        ),
        Part(
            f"test accuracy of slo 1 - that of {best} is above -{MARGIN}",
            (slo.test_accuracy - sgd.test_accuracy).values.tolist(),
            above=-MARGIN,
        ),
    ]
    return Verdict(parts, {"best_sgd": best})


EXPERIMENT = Experiment(
    title="Features of images with and without SLO",
    claim="SLO on the first layer brings what its weights see (NFM) together with what the network reacts to (AGOP): "
    "UC-NFA and the overlap of their top eigenvectors are higher than with plain SGD at its best learning rate, at a "
    f"test accuracy that is no worse (by {MARGIN} or more).",
    measure=measure,
    judge=judge,
    quick={"train": 300, "width": 64, "epochs": 8, "seeds": (0, 1, 2), "sgd_rates": (0.3,)},
)
