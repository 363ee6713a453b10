"""What `nfa reproduce` runs: sizes for a coffee break, for a lunch break and for a night."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from numerics.errors import InputError


@dataclass(frozen=True)
class Plan:
    """The configuration of the main job.

    Parameters
    ----------
    name : str
        ``"quick"``, ``"standard"`` or ``"full"``.
    data : str
        Name of the data set.
    depth, width : int
        Hidden layers and their width, of the network that is trained.
    training_seeds, training_steps : int
        Number of runs and optimizer steps of each.
    learning_rate : float
        Of these runs.
    batch_size : int
        Samples in one step.
    prediction_samples : int
        Images from which the early C-NFA is predicted and on which it is measured.
    widths : tuple of int
        Widths at which it is measured.
    initializations : int
        Networks at each width.
    seed : int
        All random numbers follow from it.

    Raises
    ------
    InputError
        If the seed is negative.
    """

    name: str
    data: str = "fashion_mnist_subset"
    depth: int = 5
    width: int = 256
    training_seeds: int = 3
    training_steps: int = 1000
    learning_rate: float = 1.0
    batch_size: int = 128
    prediction_samples: int = 200
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    initializations: int = 24
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**20:
            raise InputError(f"seed must be an integer from 0 to {2**20 - 1}, got {self.seed}")

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as a dictionary that JSON can hold.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return asdict(self) | {"widths": list(self.widths)}


PLANS = {
    "quick": Plan("quick"),
    "standard": Plan("standard", training_seeds=5, training_steps=3000, initializations=100),
    "full": Plan(
        "full",
        training_seeds=10,
        training_steps=10000,
        prediction_samples=1000,
        widths=(64, 128, 256, 512, 1024, 2048),
        initializations=200,
    ),
}
"""The plans by name."""
