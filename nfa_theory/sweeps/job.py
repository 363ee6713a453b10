"""One call of a sweep: what is missing, in which tasks it is computed, and how far it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nfa_theory.sweeps.engine import Call, WorkerLost, here, on_client
from nfa_theory.sweeps.estimate import Estimate
from nfa_theory.sweeps.grid import Grid, Run, run_name
from nfa_theory.sweeps.perform import Report, perform
from nfa_theory.sweeps.store import Failure, Store
from nfa_theory.sweeps.work import Work
from nfa_theory.workers import Progress

if TYPE_CHECKING:
    from distributed import Client

MOST_TOGETHER = 16
"""A task has at most so many runs: what a worker loses when it dies."""
SECONDS_OF_A_TASK = 2.0
"""Runs that take less are put together until a task takes about this long."""


class Job:
    """What of a sweep is missing, and how far it is."""

    def __init__(
        self, grid: Grid, work: Work, store: Store, threads: int, show: Progress, *, retry_failed: bool
    ) -> None:
        self.work, self.store, self.threads, self.show = work, store, threads, show
        runs = {run.name: run for run in grid}
        there = store.finished() & set(runs)
        self.failed = set() if retry_failed else (store.failed() & set(runs)) - there
        self.total, self.before, self.computed = len(runs), len(there), 0
        skipped = there | self.failed
        self.missing = {name: run for name, run in runs.items() if name not in skipped}
        self.costs = self._costs()
        self.cost = self.cost_left = sum(self.costs.values())
        self.tried: Report | None = None
        self.seconds_of_cost: float | None = None

    def _costs(self) -> dict[str, float]:
        """Ask once for all runs that are computed side by side how long one takes."""
        known: dict[str, float] = {}
        costs = {}
        for run in self.missing.values():
            kind = self.work.together(run.settings)
            if kind not in known:
                known[kind] = self.work.cost(run.settings)
            costs[run.name] = known[kind]
        return costs

    def probe(self, client: Client | None) -> None:
        """Compute one run, of median cost, by which the others are judged."""
        if not self.missing:
            return
        one = sorted(self.missing.values(), key=lambda run: self.costs[run.name])[len(self.missing) // 2]
        self.show(0.0, "one run, for an estimate")
        for _, report in self._results(client, [self._call([one])]):
            self._count([one], report)
            if isinstance(report, Report) and report.written:
                self.tried, self.seconds_of_cost = report, report.seconds / self.costs[one.name]

    def seconds_left(self) -> float:
        """Estimate how long the missing runs take in one process; without an estimate, for ever."""
        if self.seconds_of_cost is None:
            return math.inf if self.missing else 0.0
        return self.seconds_of_cost * self.cost_left

    def estimate(self, client: Client | None, workers: int) -> Estimate | None:
        """Say what the run that was tried lets expect of the others."""
        if self.tried is None:
            return None
        count = workers if client is None else _threads(client)
        seconds, size = self.seconds_left() / count, self.tried.size
        return Estimate(len(self.missing), self.tried.seconds, size, seconds, size * self.total, count)

    def compute(self, client: Client | None, workers: int) -> None:
        """Compute all that is missing; of a task whose workers died, each run alone: one of them may be to blame."""
        tasks = self._tasks(workers if client is None else _threads(client))
        while tasks:
            lost: list[Run] = []
            for i, report in self._results(client, [self._call(task) for task in tasks]):
                if isinstance(report, WorkerLost) and len(tasks[i]) > 1:
                    lost += tasks[i]
                else:
                    self._count(tasks[i], report)
            tasks = [[run] for run in lost]

    def _results(self, client: Client | None, calls: list[Call]) -> Iterator[tuple[int, Any]]:
        return here(calls) if client is None else on_client(client, calls, self.work.device)

    def _call(self, runs: Sequence[Run]) -> Call:
        name = "nfa-" + run_name({"runs": [run.name for run in runs]})
        return Call(name, perform, (self.work, self.store.address, tuple(runs), self.threads))

    def _tasks(self, workers: int) -> list[list[Run]]:
        """Put runs together that are computed side by side; the longest tasks come first.

        Tasks of equal length are shuffled: two clients of one store then seldom compute the same run at once.
        """
        groups: dict[str, list[Run]] = {}
        for run in self.missing.values():
            groups.setdefault(self.work.together(run.settings), []).append(run)
        tasks = []
        for runs in groups.values():
            size = self._together(self.costs[runs[0].name], len(self.missing), workers)
            tasks += [runs[i : i + size] for i in range(0, len(runs), size)]
        order = np.random.default_rng().permutation(len(tasks))
        lengths = [sum(self.costs[run.name] for run in task) for task in tasks]
        return [tasks[i] for i in sorted(order.tolist(), key=lambda i: -lengths[i])]

    def _together(self, cost: float, missing: int, workers: int) -> int:
        """Choose how many runs a task has: a few seconds of them, and enough tasks for all workers."""
        if self.seconds_of_cost is None:
            return 1
        lasting = SECONDS_OF_A_TASK / max(self.seconds_of_cost * cost, 1e-9)
        return int(max(1, min(lasting, MOST_TOGETHER, missing / (4 * workers))))

    def _count(self, runs: Sequence[Run], report: Any) -> None:
        """Note what came of a task; a run that a worker wrote before it died is there, though it is in no report."""
        failed = set(report.failed) if isinstance(report, Report) else self._blame(runs, str(report))
        self.failed |= failed
        self.computed += len(runs) - len(failed)
        for run in runs:
            if self.missing.pop(run.name, None) is not None:
                self.cost_left -= self.costs[run.name]
        share = 1.0 if not self.missing else 1 - self.cost_left / self.cost
        told = f", {len(self.failed)} failed" if self.failed else ""
        self.show(min(max(share, 0.0), 1.0), f"{self.total - len(self.missing)} of {self.total} runs{told}")

    def _blame(self, runs: Sequence[Run], message: str) -> set[str]:
        """Record the failure of runs that are not there although they were tried again and again."""
        blamed = [run for run in runs if not self.store.has(run.name)]
        for run in blamed:
            self.store.fail(run, message)
        return {run.name for run in blamed}

    def failures(self) -> tuple[Failure, ...]:
        """Read what is recorded of the runs that failed."""
        return tuple(each for each in self.store.failures() if each.name in self.failed)


def _threads(client: Client) -> int:
    """Count the tasks that the workers of a client do at once."""
    return max(sum(map(int, client.nthreads().values())), 1)
