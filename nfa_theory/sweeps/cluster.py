"""The workers of a scheduler in place of processes of this machine: for the court, experiments, `nfa reproduce`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nfa_theory.sweeps.clients import client_of
from nfa_theory.sweeps.engine import Call, WorkerLost, on_client
from nfa_theory.sweeps.perform import libraries
from nfa_theory.workers import Job, Workers
from numerics.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


class ClusterWorkers(Workers):
    """Workers of a Dask client, for whatever takes `nfa_theory.workers.Workers`.

    Parameters
    ----------
    client : distributed.Client
        Whose workers compute; the results come back, and nothing is written there.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(max(2, sum(map(int, client.nthreads().values()))))
        self._client = client

    def finished(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield the number of a job and its result as soon as it is done."""
        order = sorted(range(len(jobs)), key=lambda i: -jobs[i].cost)
        name = f"nfa-{uuid.uuid4()}"  # the jobs of one call; their content has no name
        calls = [Call(f"{name}-{i}", alone, (jobs[i].call,)) for i in order]
        for number, result in on_client(self._client, calls):
            if isinstance(result, WorkerLost):
                raise InputError(f"{jobs[order[number]].label}: {result}")
            yield order[number], result


def alone(call: Callable[[], Any]) -> Any:
    """Do a job with one thread of linear algebra, as processes of this machine do."""
    with libraries().limit(limits=1):
        return call()


@contextmanager
def workers_at(scheduler: str | None) -> Iterator[ClusterWorkers | None]:
    """Offer the workers of a scheduler, or none where there is no scheduler."""
    if scheduler is None:
        yield None
        return
    with client_of(scheduler) as client:
        yield ClusterWorkers(client)
