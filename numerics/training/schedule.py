"""How long a run is, how fast it learns at each step, and when it is measured."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from numerics.checks import require_integer, require_real
from numerics.errors import InputError


def number_of_steps(steps: int | None, epochs: int | None, steps_per_epoch: int, given: int | None) -> int:
    """Decide how many optimizer steps a run has; `given` batches of an order are the most there can be."""
    if steps is not None and epochs is not None:
        raise InputError(f"give steps or epochs, not both, got steps={steps} and epochs={epochs}")
    if steps is None and epochs is None:
        if given is None:
            raise InputError("give steps or epochs, got neither")
        return given
    name, value = ("steps", steps) if epochs is None else ("epochs", epochs)
    count = require_integer(name, value, 0)
    total = count if name == "steps" else count * steps_per_epoch
    if given is not None and total > given:
        raise InputError(f"sample_order must have a batch for each of {total} steps, got {given}")
    return total


def learning_rates(learning_rate: Any, steps: int) -> Float64[np.ndarray, " steps"]:
    """Return the learning rate of every step from one number, one for each step, or a schedule of the steps."""
    if callable(learning_rate):
        learning_rate = learning_rate(steps)
    try:
        rates = np.asarray(learning_rate, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"learning_rate must be a number or one number per step, got {learning_rate!r}") from None
    if rates.ndim == 0:
        return np.full(steps, require_real("learning_rate", float(rates), above=0))
    if rates.shape != (steps,):
        raise InputError(f"learning_rate must be a number or have shape ({steps},), got shape {rates.shape}")
    bad = ~(np.isfinite(rates) & (rates >= 0))
    if bad.any():
        step = int(np.flatnonzero(bad)[0])
        raise InputError(f"learning_rate must be finite and at least 0 at every step, got {rates[step]} at step {step}")
    return rates


def measured_steps(measure: str | int | Sequence[int], steps: int, steps_per_epoch: int) -> list[int]:
    """Return after how many steps the network is measured: at the start, and unless steps are listed at the end.

    Examples
    --------
    >>> measured_steps(4, steps=10, steps_per_epoch=5)
    [0, 4, 8, 10]
    """
    if isinstance(measure, str):
        if measure != "epoch":
            raise InputError(f"measure must be 'epoch', a number of steps or a sequence of steps, got {measure!r}")
        measure = steps_per_epoch
    if isinstance(measure, Sequence | np.ndarray):
        listed = {require_integer("measure", step, 0) for step in measure} | {0}
        if max(listed) > steps:
            raise InputError(f"measure must list steps in 0..{steps}, got {max(listed)}")
        return sorted(listed)
    every = require_integer("measure", measure, 1)
    return sorted({*range(0, steps + 1, every), steps})
