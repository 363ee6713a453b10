"""How far the main job is, in units of work that take equally long: multiplications."""

from __future__ import annotations

from collections.abc import Callable

from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.training import measured_steps

Progress = Callable[[float, str], None]
"""Called with the share of the work that is done (0 to 1) and what is being done."""

_SHARE_OF_GRID = 0.2  # of the time for the rest, as measured for the quick plan


def part(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Let a part of the work count as a part of the whole."""
    if progress is None:
        return None
    return lambda share, what: progress(start + share * (end - start), what)


class Work:
    """The work of a plan, and how much of it is done.

    Parameters
    ----------
    plan : Plan
        The configuration.
    inputs, outputs, samples : int
        Size of the data.
    report : callable, optional
        Told about every advance.
    """

    def __init__(self, plan: Plan, inputs: int, outputs: int, samples: int, report: Progress | None = None) -> None:
        self._plan, self._outputs, self._report = plan, outputs, report
        self._inputs = inputs
        parameters = self._parameters(plan.width)
        step = 3 * parameters * plan.batch_size
        measurement = 3 * outputs * parameters * samples
        measurements = len(measured_steps(plan.training_steps)) * plan.training_seeds
        self._training = plan.training_seeds * plan.training_steps * step + measurements * measurement
        self._networks = {width: self._network(width) for width in plan.widths}
        early = plan.initializations * sum(self._networks.values())
        self._grid = _SHARE_OF_GRID * (self._training + early)
        self._total = self._training + early + self._grid
        self._done = 0.0

    def training_progress(self, done: int, total: int) -> None:
        """Note that `done` of `total` training steps are done."""
        self._done = self._training * done / total
        self._tell("training networks")

    def after_network(self, width: int) -> None:
        """Note that the early C-NFA of one more network is measured."""
        self._done += self._networks[width]
        self._tell(f"measuring early C-NFA at width {width}")

    def after_case(self, done: int, total: int) -> None:
        """Note that `done` of `total` cases are compared at finite width."""
        self._done = self._total - self._grid * (1 - done / total)
        self._tell("comparing means at finite width")

    def _tell(self, what: str) -> None:
        if self._report is not None:
            self._report(min(self._done / self._total, 1.0), what)

    def _parameters(self, width: int) -> float:
        return float(width * (self._inputs + (self._plan.depth - 1) * width + self._outputs))

    def _network(self, width: int) -> float:
        features = 2 * self._outputs * self._plan.prediction_samples * width * width * self._plan.depth
        return features + 4 * self._parameters(width) * width  # tangent features, and products of the gradients
