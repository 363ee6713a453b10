"""UC-NFA and C-NFA of every layer of VGG-11 and of a perceptron through training, on named sets of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.pytorch import pytorch_side
from nfa_theory.experiments.through_training.measure import powers_of_two
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data.catalog import IMAGE_SETS
from numerics.data.image_set import ImageSet, PublishedFile
from numerics.data.locate import search_folders
from numerics.data.named import load_dataset
from numerics.errors import InputError, unknown

NETWORKS: Final = ("vgg11", "mlp")
FOUND: Final = "found"
"""Stands for every named set whose files are on this machine."""

PAPER: Final[dict[str, Any]] = {
    "data": FOUND,
    "train": 50000,
    "channels": 64,
    "epochs": 50,
    "learning_rates": (1.0, 2.0),
    "momenta": (0.9, 0.0),
    "batch_sizes": (256, 128),
    "first_epoch": 1e-4,
    "samples": 1000,
    "combinations": "all",
    "kind": "pearson",
}
"""Settings of the paper's public code: for VGG-11 the first epoch at 1e-4 of the learning rate, and correlations."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = None,
    networks: Sequence[str] = NETWORKS,
    channels: int = 8,
    width: int = 256,
    depth: int = 5,
    epochs: int = 8,
    learning_rates: Sequence[float] = (0.1, 0.3),
    momenta: Sequence[float] = (0.9, 0.0),
    batch_sizes: Sequence[int] = (128, 128),
    first_epoch: float | None = None,
    samples: int = 256,
    combinations: int | str = 2,
    kind: str = "cosine",
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
) -> xr.Dataset:
    """Train with plain SGD and measure at the start, after the first step and after 1, 2, 4, ... epochs.

    Notes
    -----
    `data` may name several sets, with commas between them, or be ``"found"``: every set whose files are on this
    machine. `learning_rates`, `momenta` and `batch_sizes` have a number for VGG-11 and one for the perceptron;
    `first_epoch` multiplies the learning rate of VGG-11 during the first epoch.
    """
    for network in networks:
        if network not in NETWORKS:
            raise InputError(unknown("network", network, NETWORKS))
    kept: dict[str, Any] = {"epochs": epochs, "samples": samples, "combinations": combinations, "kind": kind}
    names, makes = image_sets(data), {}
    for name in names:
        for network in networks:
            at = NETWORKS.index(network)
            settings: dict[str, Any] = {
                "learning_rate": learning_rates[at],
                "momentum": momenta[at],
                "batch_size": batch_sizes[at],
            }
            settings |= {"first_epoch": first_epoch} if network == "vgg11" else {}
            sizes = {"channels": channels} if network == "vgg11" else {"width": width, "depth": depth}
            for seed in seeds:
                make = partial(_one, name, train, network=network, sizes=sizes, seed=seed, **settings, **kept)
                makes[f"{network} on {name}, seed {seed}"] = make
    made = iter(pieces.records(makes))
    nested = [[[next(made) for _ in seeds] for _ in networks] for _ in names]
    joined = xr.combine_nested(
        nested, ["data", "network", "seed"], compat="override", coords="minimal", join="outer",
        combine_attrs="drop_conflicts",
    )  # fmt: skip
    return joined.assign_coords(data=names, network=list(networks), seed=list(seeds))


def image_sets(data: str) -> list[str]:
    """Return the named sets that `data` means."""
    if data != FOUND:
        return [name.strip() for name in data.split(",")]
    return [name for name, each in IMAGE_SETS.items() if all(_is_here(each, file) for file in each.files)]


def _is_here(image_set: ImageSet, file: PublishedFile) -> bool:
    return any((folder / file.name).is_file() for folder in search_folders(image_set))


def _one(
    name: str, train: int | None, *, seed: int, progress: Callable[[int, int], None], epochs: int, **settings: Any
) -> xr.Dataset:
    images = load_dataset(name, dtype="float32")
    if train is not None and train < len(images.X):
        images = load_dataset(name, train=train, dtype="float32", seed=seed)
    run = pytorch_side("image_experiments").train_classifier
    record: xr.Dataset = run(
        images, seed=seed, epochs=epochs, measured=powers_of_two(epochs), progress=progress, **settings
    )
    return record


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the C-NFA exceeds the UC-NFA, after the first step and after training."""
    end, parts = str(record.moment.values[-1]), []
    for name in record.data.values.tolist():
        for network in record.network.values.tolist():
            one = record.sel(data=name, network=network)
            start, first, last = (one.sel(moment=moment) for moment in ("start", "first step", end))
            where = f"of {network} on {name}"
            for layer in one.layer.values[start.uc_nfa.notnull().all("seed").values].tolist():
                early = (first.c_nfa - start.uc_nfa).sel(layer=layer).values.tolist()
                parts.append(Part(f"layer {layer} {where}: C-NFA after the first step - UC-NFA before", early, 0.0))
                if layer > 1:
                    late = (last.c_nfa - last.uc_nfa).sel(layer=layer).values.tolist()
                    parts.append(Part(f"layer {layer} {where}: C-NFA - UC-NFA after training", late, 0.0))
    return Verdict(parts)


EXPERIMENT = Experiment(
    title="Convolutions through training",
    claim="In every convolution of VGG-11 and every hidden layer of a perceptron the change of the weights is better "
    "aligned than the weights: C-NFA after the first step exceeds UC-NFA before it, and from the second layer on C-NFA "
    "exceeds UC-NFA after training.",
    measure=measure,
    judge=judge,
    paper=PAPER,
    quick={"train": 500, "channels": 4, "width": 64, "depth": 3, "epochs": 4, "samples": 128, "seeds": (1, 2, 3)},
)
