"""One-pass SGD with finite steps and batches: alignments and loss, predicted from overlaps at the start, simulated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Final

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.online import Setting, runs_of
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import by_seed, side_by_side
from nfa_theory.statistics.verdict import Part, Verdict

ALIGNMENT: Final = 0.006
"""A predicted alignment that is off by this much is wrong."""
LOSS: Final = 0.03
"""A predicted loss that is off by this share of it is wrong."""


def measure(
    pieces: Pieces,
    activation: str = "erf",
    d: int = 1000,
    students: int = 3,
    teachers: int = 2,
    rates: Sequence[float] = (0.5, 1.5),
    batch_sizes: Sequence[int] = (1, 4),
    label_noise: float = 0.3,
    times: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
    seeds: Sequence[int] = tuple(range(1000, 1060)),
) -> xr.Dataset:
    """Train on fresh samples and predict, at every step size and batch size; times are steps over the dimension."""
    settings = [Setting(activation, rate, size, label_noise) for rate, size in product(rates, batch_sizes)]
    makes = {each.name: partial(runs_of, each, d, students, teachers, times, seeds) for each in settings}
    joined = side_by_side([each.name for each in settings], pieces.records(makes), "setting")
    return joined.assign_coords(
        learning_rate=("setting", [each.learning_rate for each in settings]),
        batch_size=("setting", [each.batch_size for each in settings]),
    )


def judge(record: xr.Dataset) -> Verdict:
    """Test every setting, time and quantity, and that gradient flow is off at the largest step over batch size."""
    parts = []
    for setting in record.setting.values.tolist():
        for time in record.time.values.tolist():
            at = {"setting": setting, "time": time}
            for name, label in (("uc_nfa", "UC-NFA"), ("c_nfa", "C-NFA")):
                off = record[name] - record[f"predicted_{name}"]
                said = f"{label} is within {ALIGNMENT} of the predicted one: {setting}, time {time:g}"
                parts.append(Part(said, by_seed(off, **at), -ALIGNMENT, ALIGNMENT))
            share = record.loss / record.predicted_loss - 1
            parts.append(
                Part(
                    f"loss is within {LOSS:.0%} of the predicted one: {setting}, time {time:g}",
                    by_seed(share, **at),
                    -LOSS,
                    LOSS,
                )
            )
    largest = record.setting.values[(record.learning_rate / record.batch_size).values.argmax()]
    last = {"setting": largest, "time": record.time.values[-1]}
    missed = abs(record.flow_c_nfa - record.c_nfa)
    said = f"gradient flow misses the C-NFA at the end by over {ALIGNMENT}: {largest}"
    return Verdict([*parts, Part(said, by_seed(missed, **last), above=ALIGNMENT)])


EXPERIMENT = Experiment(
    title="One-pass SGD, predicted",
    claim="From the overlaps at the start, the closed equations of one-pass SGD predict both alignments of a committee "
    f"machine to {ALIGNMENT} and its loss to {LOSS:.0%} at every time, for finite steps and batches; gradient flow "
    "does not.",
    measure=measure,
    judge=judge,
    quick={"d": 400, "batch_sizes": (1,), "times": (0.5, 2.0), "seeds": tuple(range(6))},
    source="The setting is that of Veiga, Stephan, Loureiro, Krzakala and Zdeborova (arXiv 2202.00293)",
)
