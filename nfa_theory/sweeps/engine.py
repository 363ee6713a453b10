"""Tasks and the order of their results: one after another in this process, or on the workers of a scheduler."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numerics.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK_AGAIN = 5.0
"""Seconds after which the number of workers is asked for again: a cluster may grow."""


class WorkerLost(Exception):  # noqa: N818 - what happened, not a mistake
    """A task whose worker died, time after time."""


@dataclass(frozen=True)
class Call:
    """A task: a function with arguments that travel, and a name that is the same for the same task."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


def here(calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
    """Do one task after another in this process; yield its number and its result."""
    for i, call in enumerate(calls):
        yield i, call.function(*call.arguments)


def on_client(client: Client, calls: Sequence[Call], device: str = "cpu") -> Iterator[tuple[int, Any]]:
    """Do the tasks on the workers of a client; yield the number and the result, or a `WorkerLost`, of each when done.

    Only a few tasks more than there are workers are handed over, so that a scheduler never holds 10^5 of them.
    """
    from distributed import as_completed

    waiting = iter(enumerate(calls))
    numbers: dict[Any, int] = {}
    running = as_completed(raise_errors=False, loop=client.loop)
    room = _Room(client)

    def hand_over() -> None:
        while len(numbers) < room.size():
            following = next(waiting, None)
            if following is None:
                return
            i, call = following
            future = client.submit(
                call.function,
                *call.arguments,
                key=call.name,
                pure=False,
                resources={"GPU": 1} if device == "gpu" else None,
            )
            numbers[future.key] = i
            running.add(future)

    hand_over()
    for future in running:
        i = numbers.pop(future.key)
        yield i, _result(client, future)
        future.release()
        hand_over()


class _Room:
    """How many tasks are handed over at once: two a thread, and some."""

    def __init__(self, client: Client) -> None:
        self.client, self._size, self._asked = client, 0, -_LOOK_AGAIN

    def size(self) -> int:
        if time.monotonic() - self._asked > _LOOK_AGAIN:
            self._size = 2 * sum(self.client.nthreads().values()) + 8
            self._asked = time.monotonic()
        return self._size


def _result(client: Client, future: Future) -> Any:
    """Return the result of a task that has ended."""
    if future.status == "finished":
        return future.result()
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return WorkerLost("its workers died while computing it (out of memory, or killed)")
        if isinstance(error, InputError):  # of the store: nothing can be written
            raise error
        raise InputError(f"a worker could not do its task: {type(error).__name__}: {error}")
    address = getattr(client.scheduler, "address", "the scheduler")
    raise InputError(f"the connection to {address} was lost; what is finished is kept")
