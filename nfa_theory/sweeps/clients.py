"""Where tasks are computed: workers of this machine, or a scheduler that has its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from numerics.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
"""Environment variables by which libraries of linear algebra learn their number of threads when they are loaded."""
_SHARE_OF_MEMORY = 0.9


def has_dask() -> bool:
    """Tell whether Dask distributed is installed."""
    return find_spec("distributed") is not None


def require_dask(what: str) -> None:
    """Refuse what needs Dask distributed where it is not installed."""
    if not has_dask():
        raise InputError(f"{what} needs Dask distributed: pip install 'nfa-theory[sweeps]'")


@contextmanager
def local_client(workers: int, threads: int = 1, memory: int | None = None, device: str = "cpu") -> Iterator[Client]:
    """Start workers on this machine, processes that end with this one; `memory` is the limit of each, in bytes."""
    require_dask("more than one worker")
    from distributed import Client, Nanny, Scheduler, SpecCluster

    specs = worker_specs(workers, threads, memory or _memory_of_each(workers), device)
    scheduler = {"cls": Scheduler, "options": {"host": "127.0.0.1", "port": 0, "dashboard_address": "127.0.0.1:0"}}
    described = {i: {"cls": Nanny, "options": options} for i, options in enumerate(specs)}
    with (
        _quiet(),
        SpecCluster(workers=described, scheduler=scheduler) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(workers)
        yield client


def worker_specs(workers: int, threads: int, memory: int, device: str) -> list[dict[str, Any]]:
    """Describe every worker: one task at a time, so many BLAS threads, a limit of memory, and a card of its own."""
    cards = _cards() if device == "gpu" else []
    if device == "gpu" and workers > len(cards):
        raise InputError(f"workers must be at most the number of cards, {len(cards)}, got {workers}")
    return [
        {
            "host": "127.0.0.1",
            "nthreads": 1,
            "memory_limit": memory,
            "env": dict.fromkeys(THREAD_VARIABLES, str(threads))
            | ({"CUDA_VISIBLE_DEVICES": cards[i]} if cards else {}),
            "resources": {"GPU": 1} if cards else {},
            "silence_logs": logging.CRITICAL,
        }
        for i in range(workers)
    ]


@contextmanager
def client_of(scheduler: str, tls: Mapping[str, str] | None = None) -> Iterator[Client]:
    """Connect to a scheduler; with `tls`, the files ``ca``, ``cert`` and ``key``, both sides prove who they are."""
    require_dask("a scheduler")
    from distributed import Client
    from distributed.security import Security

    security = None
    if tls:
        names = {"tls_ca_file": tls["ca"], "tls_client_cert": tls["cert"], "tls_client_key": tls["key"]}
        security = Security(require_encryption=True, **names)
    with _quiet():
        try:
            client = Client(scheduler, timeout=10, security=security, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates
            reason = " ".join(str(error).split())
            raise InputError(
                f"--scheduler must be the address of a running scheduler, got {scheduler}: {reason}"
            ) from None
        with client:
            yield client


def _quiet() -> AbstractContextManager[None]:
    """Leave to the sweep what is said of workers that were lost."""
    from distributed.utils import silence_logging_cmgr

    quiet: AbstractContextManager[None] = silence_logging_cmgr(logging.CRITICAL)
    return quiet


def _memory_of_each(workers: int) -> int:
    from distributed.system import MEMORY_LIMIT

    return int(_SHARE_OF_MEMORY * MEMORY_LIMIT / workers)


def _cards() -> list[str]:
    """List the cards that this process may use."""
    if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):
        return [card.strip() for card in visible.split(",") if card.strip()]
    try:
        import cupy

        return [str(card) for card in range(cupy.cuda.runtime.getDeviceCount())]
    except Exception as error:  # no CuPy, no driver, no card: each fails in its own way
        raise InputError(
            f"device gpu needs CuPy (the extra 'gpu') and an NVIDIA GPU, got {type(error).__name__}: {error}"
        ) from None
