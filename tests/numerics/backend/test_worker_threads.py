"""Chunks in several threads: the same numbers, in order, and nothing left changed behind."""

import threading
import tracemalloc

import array_api_strict
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from numerics import MLP
from numerics.backend.chunks import sample_chunks
from numerics.backend.worker_threads import process_in_order, threads_kept
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.sketch import sketch
from numerics.training.record_rows import network_outputs

BLAS = ThreadpoolController().select(user_api="blas")
NET = MLP((20, 64, 48, 10))
X = np.random.default_rng(0).standard_normal((30000, 20)).astype(np.float32)
W = NET.initialize(np.random.default_rng(1), np.float32)


def threads_of_blas():
    # NumPy's own where it brings one: SciPy's or PyTorch's, where they are loaded, are left alone.
    libraries = BLAS.info()
    own = [library for library in libraries if "numpy" in library["filepath"]]
    return [library["num_threads"] for library in own or libraries]


def test_results_come_in_order_from_as_many_threads_as_blas_has():
    used, seen = set(), []
    meeting = threading.Barrier(2, timeout=30)

    def work(number):
        used.add(threading.get_ident())
        meeting.wait()  # passes only when two threads are at work
        assert set(threads_of_blas()) == {1}
        return number

    with BLAS.limit(limits=2):
        process_in_order(work, iter(range(20)), seen.append, np)
        assert set(threads_of_blas()) == {2}
    assert seen == list(range(20))
    assert len(used) == 2
    assert threading.get_ident() not in used


@pytest.mark.parametrize("measure", [outputs_and_ptf_covariances, lambda *a: sketch(*a, np.random.default_rng(3))])
def test_numbers_do_not_depend_on_threads(measure):
    assert len(list(sample_chunks(X, NET))) > 1
    results = []
    for threads in (1, 2):
        with BLAS.limit(limits=threads):
            results.append(measure(X, NET, W))
    first, second = ((r.outputs, r.covariances) if hasattr(r, "outputs") else r for r in results)
    np.testing.assert_array_equal(first[0], second[0])
    for K, again in zip(first[1], second[1], strict=True):
        np.testing.assert_array_equal(K, again)
    np.testing.assert_array_equal(network_outputs(NET, X, W), first[0])


def test_errors_arrive_and_the_limit_is_taken_back():
    def fail(number):
        raise ZeroDivisionError(number)

    with BLAS.limit(limits=2):
        with pytest.raises(ZeroDivisionError, match="0"):
            process_in_order(fail, range(5), print, np)
        assert set(threads_of_blas()) == {2}
        seen = []
        process_in_order(lambda number: number, range(3), seen.append, np)
    assert seen == [0, 1, 2]


def test_threads_are_kept_from_call_to_call_and_end_with_the_block():
    used, before, meeting = set(), threading.active_count(), threading.Barrier(2, timeout=30)
    with BLAS.limit(limits=2), threads_kept(), threads_kept():
        for _ in range(5):
            process_in_order(lambda _: (meeting.wait(), used.add(threading.current_thread())), range(2), tuple, np)
            assert set(threads_of_blas()) == {2}
        assert len(used) == 2
        assert threading.active_count() == before + 2
    assert threading.active_count() == before
    with BLAS.limit(limits=2):
        process_in_order(lambda _: used.add(threading.current_thread()), range(2), lambda _: None, np)
    assert len(used) > 2


def test_after_an_error_nothing_goes_on_in_kept_threads():
    begun = threading.Event()
    seen = []

    def work(number):
        if number == 0:
            assert begun.wait(30)
            raise ZeroDivisionError
        begun.set()
        seen.append(number)

    with BLAS.limit(limits=2), threads_kept():
        with pytest.raises(ZeroDivisionError):
            process_in_order(work, range(5), print, np)
        done = len(seen)
        process_in_order(lambda _: None, range(5), lambda _: None, np)
        assert len(seen) == done


def test_the_error_state_is_the_callers():
    seen = []
    with BLAS.limit(limits=2), np.errstate(divide="ignore"):  # a warning would be an error here
        process_in_order(lambda x: np.float64(1.0) / x, [np.float64(0.0)] * 3, seen.append, np)
    assert seen == [np.inf] * 3


def test_inside_another_call_all_is_done_in_the_callers_thread():
    inner = []

    def outer(number):
        used = []
        process_in_order(lambda _: used.append(threading.get_ident()), range(3), lambda _: None, np)
        return set(used) == {threading.get_ident()}

    with BLAS.limit(limits=2):
        process_in_order(outer, range(4), inner.append, np)
    assert inner == [True] * 4


def test_other_namespaces_stay_in_the_callers_thread():
    used = []
    with BLAS.limit(limits=2):
        process_in_order(lambda _: used.append(threading.get_ident()), range(3), lambda _: None, array_api_strict)
    assert set(used) == {threading.get_ident()}


@pytest.mark.parametrize("measure", [outputs_and_ptf_covariances, lambda *a: sketch(*a, np.random.default_rng(3))])
def test_memory_does_not_grow_with_samples(measure, monkeypatch):
    monkeypatch.setattr("numerics.backend.chunks.CHUNK_BYTES", 2**20)
    peaks = []
    with BLAS.limit(limits=2):
        for n in (30000, 120000):
            inputs = np.tile(X, (n // len(X), 1))
            tracemalloc.start()
            measure(inputs, NET, W)
            peaks.append(tracemalloc.get_traced_memory()[1] - n * NET.outputs * 4)  # but for the outputs
            tracemalloc.stop()
    # A copy of the data's larger part would be 7 MB, an array of one layer's features for all of it 23 MB or more.
    # Outputs are held twice for a moment, in parts and as one.
    assert peaks[1] - peaks[0] < 90000 * NET.outputs * 4 + 1e6
