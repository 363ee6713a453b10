"""Weights & Biases: alignments in a run's history."""

from __future__ import annotations

from typing import Any


class WandbSink:
    """Log every measurement of a probe to a run of Weights & Biases.

    Parameters
    ----------
    run : wandb.Run, optional
        The run; by default the one that is active when the first measurement comes.
    """

    def __init__(self, run: Any = None) -> None:
        self.run = run

    def __call__(self, step: int, numbers: dict[str, float]) -> None:
        """Log the numbers that are defined."""
        if self.run is None:
            import wandb

            self.run = wandb.run if wandb.run is not None else wandb.init()
        self.run.log({name: value for name, value in numbers.items() if value == value} | {"probe step": step})
