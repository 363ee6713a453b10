"""What `nfa reproduce` runs: sizes for a coffee break, for a lunch break and for a night."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from numerics.errors import InputError, unknown

_NETWORKS_OF_A_CASE = 30
_SEEDS_PER_PLAN = 2**12
_MOST_SEEDS = 2**31 // _SEEDS_PER_PLAN  # the seeds of networks are below 2^31


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
    initial_scale : float
        Factor on PyTorch's default initial weights. Small, so that training outgrows them: UC-NFA sees all of W.
    batch_size : int
        Samples in one step.
    prediction_samples : int
        Images from which the early C-NFA is predicted and on which it is measured.
    widths : tuple of int
        Widths at which it is measured.
    fitted_from : int
        Smallest width from which the limit is extrapolated. The expansion in 1/width is one in depth/width; at width
        64 and depth 5 its second term is half of the first, and three terms do not describe the mean.
    initializations : int
        Networks at each width.
    grid_depths, grid_widths : tuple of int
        Of the networks whose measured means are compared with means predicted at their own width, for each of five
        activations.
    seed : int
        All random numbers follow from it.
    court_profile : {"quick", "default"}
        How hard the court looks at the claims.
    claims : tuple of str
        Claims to judge; empty for all.
    networks : bool
        Whether networks are trained on real images too, or the claims alone are judged.

    Raises
    ------
    InputError
        If the seed is negative, or a claim is unknown.
    """

    name: str
    data: str = "fashion_mnist_subset"
    depth: int = 5
    width: int = 256
    training_seeds: int = 3
    training_steps: int = 1000
    learning_rate: float = 0.5
    initial_scale: float = 0.6
    batch_size: int = 128
    prediction_samples: int = 200
    widths: tuple[int, ...] = (64, 128, 256, 384, 512, 1024)
    fitted_from: int = 256
    initializations: int = 24
    grid_depths: tuple[int, ...] = (1, 2)
    grid_widths: tuple[int, ...] = (64, 256)
    seed: int = 0
    court_profile: str = "default"
    claims: tuple[str, ...] = ()
    networks: bool = True

    def __post_init__(self) -> None:
        if self.claims:
            self._check_claims()
        if not 0 <= self.seed < _MOST_SEEDS:
            raise InputError(f"seed must be an integer from 0 to {_MOST_SEEDS - 1}, got {self.seed}")

    def seeds(self) -> Int64[np.ndarray, " s"]:
        """Return the seed of every network; two plans with different seeds share none.

        Returns
        -------
        (s,) array of ints
            Those of the training runs, then those of the early measurements width by width.
        """
        count = self.training_seeds + len(self.widths) * self.initializations
        return self.seed * _SEEDS_PER_PLAN + np.arange(count)

    def claim_names(self) -> tuple[str, ...]:
        """Name the claims that are judged.

        Returns
        -------
        tuple of str
            In the order of the plan, or all claims in alphabetical order.
        """
        from derivations.registry import all_derivations

        return self.claims or tuple(all_derivations())

    def _check_claims(self) -> None:
        from derivations.registry import all_derivations

        known = all_derivations()
        for name in self.claims:
            if name not in known:
                raise InputError(unknown("claim", name, known))

    def command(self) -> str:
        """Say how to run this plan.

        Returns
        -------
        str
            A command line.
        """
        option = "" if self.name == "standard" else f" --{self.name}"
        only = "" if self.networks else "".join(f" --only {name}" for name in self.claims)
        return f"nfa reproduce{option} --seed {self.seed}{only}"

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as a dictionary that JSON can hold.

        Returns
        -------
        dict
            One entry per parameter.
        """
        content = {name: list(x) if isinstance(x, tuple) else x for name, x in asdict(self).items()}
        used = tuple(content) if self.networks else ("name", "seed", "court_profile", "claims")
        return {name: content[name] for name in used}

    def experiments(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Name the experiments on real images: by the key in ``results.json`` its name and its options."""
        if not self.networks:
            return {}
        seeds = self.seeds().tolist()
        after = self.training_seeds + self.initializations
        shape = {"data": self.data, "depth": self.depth}
        training = {
            **shape,
            "width": self.width,
            "steps": self.training_steps,
            "decades": True,
            "learning_rate": self.learning_rate,
            "initial_scale": self.initial_scale,
            "batch_size": self.batch_size,
            "seeds": seeds[: self.training_seeds],
        }
        early = {
            **shape,
            "train": self.prediction_samples,
            "widths": self.widths,
            "fitted_from": self.fitted_from,
            "seeds": seeds[self.training_seeds : after],
            "data_seed": self.seed,
        }
        means = {
            "data": (self.data,),
            "depths": self.grid_depths,
            "widths": self.grid_widths,
            "seeds": [self.seed + i for i in range(_NETWORKS_OF_A_CASE)],
        }
        return {
            "training": ("through_training", training),
            "early_alignment": ("early_alignment", early),
            "finite_width": ("finite_width", means),
        }


PLANS = {
    "quick": Plan("quick", court_profile="quick"),
    "standard": Plan("standard", training_seeds=8, training_steps=1500, initializations=100, grid_depths=(1, 2, 3)),
    "full": Plan(
        "full",
        training_seeds=20,
        training_steps=3000,
        prediction_samples=1000,
        widths=(64, 128, 256, 512, 1024, 2048),
        initializations=200,
        grid_depths=(1, 2, 3, 4, 5),
        grid_widths=(64, 256, 1024),
    ),
}
"""The plans by name."""
