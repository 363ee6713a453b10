"""What a training run measures and keeps, and when: the object that `simulate` takes as ``measure``."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numerics.checks import require_integer
from numerics.feature_matrices.alignments import check_alignment
from numerics.networks.parameters import Parameters

When = str | int | Sequence[int]


@dataclass(frozen=True)
class Measure:
    """What to measure and to keep during training, and when.

    Parameters
    ----------
    every : "epoch", int or sequence of int
        Measure after every epoch, every so many steps, or after the steps listed; always before training too.
    kind : str
        The alignment: ``"cosine"``, or ``"pearson"`` for the correlation of entries.
    combinations : int, optional
        Measure with so many random combinations of the outputs for each sample instead of all outputs: up to c times
        faster, unbiased for the PTF covariance. The record then holds standard errors.
    test : tuple of array_like, optional
        (X_test, Y_test), to record test loss and accuracy.
    observe : callable, optional
        Called as ``observe(seed, step, parameters)`` at every measurement, to measure more: the parameters are the
        observer's own. A resumed run does not call it again for measurements it made before.
    checkpoint : path-like, optional
        Keep the run's state in this ``.npz`` file at every measurement, and if the file is there, go on from it: the
        result is identical to that of a run never stopped.

    Raises
    ------
    InputError
        If there is no such alignment, or `combinations` is no positive integer.

    Examples
    --------
    >>> Measure(every=10, kind="pearson").every
    10
    """

    every: When = "epoch"
    kind: str = "cosine"
    combinations: int | None = None
    test: tuple[Any, Any] | None = None
    observe: Callable[[int, int, Parameters], None] | None = None
    checkpoint: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        check_alignment(self.kind)
        if self.combinations is not None:
            require_integer("combinations", self.combinations, 1)


def as_measure(measure: When | Measure) -> Measure:
    """Return what to measure; anything else but a `Measure` says when."""
    return measure if isinstance(measure, Measure) else Measure(measure)
