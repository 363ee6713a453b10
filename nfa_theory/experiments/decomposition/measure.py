"""How much each term of ``W = W(0) + dW`` contributes to the UC-NFA, through training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import too_short
from nfa_theory.experiments.through_training import measure as through_training
from nfa_theory.statistics.verdict import Part, Verdict

STEPS: Final = 640
"""The end of training that the claim speaks of, 40 epochs of 2000 images; a shorter run says nothing of it."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = None,
    depth: int = 2,
    width: int = 256,
    epochs: int = 40,
    learning_rate: float = 0.3,
    initial_scale: float = 0.25,
    seeds: Sequence[int] = tuple(range(1000, 1010)),
) -> xr.Dataset:
    """Train from small initial weights, so that what is learned has time to outgrow what was there."""
    return through_training.measure(pieces, data, train, depth, width, epochs, learning_rate, initial_scale, seeds)


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the centered term's share grows, and is the largest part in the end."""
    first, last = record.step.values[[1, -1]].tolist()
    parts = []
    for layer in record.layer.values.tolist():
        terms = record.decomposition.sel(layer=layer)
        centered = terms.sel(nfm_term="centered", agop_term="centered")
        initial = terms.sel(nfm_term="initial", agop_term="initial")
        share = centered / record.uc_nfa.sel(layer=layer)
        mixed = terms.sum(("nfm_term", "agop_term")) - centered - initial
        growth = share.sel(step=last) - share.sel(step=first)
        parts.append(Part(f"centered term's share grows through training in layer {layer}", growth.values.tolist(), 0))
        for name, other in (("initial term", initial), ("sum of all mixed terms", mixed)):
            lead = (centered - other).sel(step=last)
            text = f"after training the centered term exceeds the {name} in layer {layer}"
            parts.append(Part(text, lead.values.tolist(), 0))
    return Verdict(parts, missing=too_short(record, STEPS))


EXPERIMENT = Experiment(
    title="Where the alignment comes from",
    claim="From small initial weights, the alignment of the weights becomes that of their change: in every hidden "
    "layer the centered term's share of the UC-NFA grows through training, and exceeds both the initial term and all "
    "mixed terms together in the end.",
    measure=measure,
    judge=judge,
    quick={"train": 300, "depth": 2, "width": 64, "epochs": 6, "seeds": (0, 1, 2)},
)
