"""Work on chunks of samples in several threads with one BLAS thread each, with results that do not depend on them.

BLAS threads share one product; elementwise work, and most of a symmetric product as OpenBLAS does it, then wait on one
core. Chunks share nothing, so that every core is busy with one of its own: NumPy lets go of the interpreter meanwhile.
"""

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import TypeVar

from array_api_compat import is_numpy_namespace
from threadpoolctl import ThreadpoolController

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

_ONE_AT_A_TIME = threading.Lock()
_KEPT: contextvars.ContextVar[Executor | None] = contextvars.ContextVar("threads that are kept", default=None)


@contextmanager
def threads_kept() -> Iterator[None]:
    """Keep the threads from one call of `process_in_order` to the next: to start one takes most of a millisecond."""
    if blas_threads() < 2 or _KEPT.get():
        yield
        return
    with ThreadPoolExecutor(blas_threads()) as pool:
        before = _KEPT.set(pool)
        try:
            yield
        finally:
            _KEPT.reset(before)


def process_in_order(
    function: Callable[[Chunk], Result], chunks: Iterable[Chunk], take: Callable[[Result], None], namespace: object
) -> None:
    """Call ``take(function(chunk))`` for every chunk, in order.

    Chunks are made, and results taken, one by one in the calling thread, so that sums do not depend on threads; only
    `function` runs in others, with the caller's error state. Work on arrays of other namespaces than NumPy's is not
    shared: they have threads of their own.

    Notes
    -----
    There are as many threads as NumPy's BLAS was allowed (``OPENBLAS_NUM_THREADS``, `threadpoolctl`), and BLAS is held
    to one thread meanwhile. Where another thread of the program is here already, or BLAS has one thread, all is done
    in the calling thread.
    """
    if not is_numpy_namespace(namespace) or not _ONE_AT_A_TIME.acquire(blocking=False):
        for chunk in chunks:
            take(function(chunk))
        return
    try:
        _process(function, chunks, take)
    finally:
        _ONE_AT_A_TIME.release()


def _process(function: Callable[[Chunk], Result], chunks: Iterable[Chunk], take: Callable[[Result], None]) -> None:
    threads = blas_threads()
    if threads < 2:
        for chunk in chunks:
            take(function(chunk))
        return
    kept = _KEPT.get()
    with _blas().limit(limits=1), nullcontext(kept) if kept else ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(contextvars.copy_context().run, function, chunk))
                if len(waiting) > 2 * threads:  # no more results at a time than keep the threads busy
                    take(waiting.popleft().result())
            while waiting:
                take(waiting.popleft().result())
        finally:  # after an error nothing goes on behind the caller's back
            wait([future for future in waiting if not future.cancel()])


def blas_threads() -> int:
    """Return how many threads NumPy's BLAS is allowed."""
    return max((library.num_threads for library in _blas().lib_controllers), default=1)


@cache
def _blas() -> ThreadpoolController:
    # The BLAS that NumPy brings; where it uses the system's, every BLAS in the process.
    libraries = ThreadpoolController().select(user_api="blas")
    own = [library.filepath for library in libraries.lib_controllers if "numpy" in library.filepath]
    return libraries.select(filepath=own) if own else libraries
