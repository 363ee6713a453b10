"""Sweeps on workers of this machine and on a scheduler: same bytes as in one process, whatever dies."""

import contextlib
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sweep_work

import nfa_theory as nfa
from nfa_theory.sweeps import clients
from nfa_theory.sweeps.clients import client_of, worker_specs
from nfa_theory.sweeps.cluster import ClusterWorkers
from nfa_theory.verify.run import verify_claims
from nfa_theory.workers import Job
from numerics.errors import InputError

distributed = pytest.importorskip("distributed", reason="workers need Dask distributed (the extra 'sweeps')")
GRID = {"number": range(24), "seconds": [0.05]}


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "s"
    nfa.sweeps.run(sweep_work.slow, GRID, store=folder, workers=1, progress=False)
    return content(folder)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Start two workers, once for these tests: a start costs seconds."""
    with clients.local_client(2) as found:
        found.run(sys.path.insert, 0, str(Path(sweep_work.__file__).parent))
        yield found


def test_workers_write_what_one_process_writes(tmp_path, client, expected):
    done = nfa.sweeps.run(sweep_work.slow, GRID, store=tmp_path / "s", client=client, progress=False)
    assert (done.computed, done.failures) == (24, ())
    assert content(tmp_path / "s") == expected
    again = nfa.sweeps.run(sweep_work.slow, GRID, store=tmp_path / "s", client=client, progress=False)
    assert (again.before, again.computed) == (24, 0)


def test_two_clients_on_one_store_do_no_damage(tmp_path, client, expected):
    arguments = {"store": tmp_path / "s", "progress": False}
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(nfa.sweeps.run, sweep_work.slow, GRID, workers=1, **arguments)
        mine = nfa.sweeps.run(sweep_work.slow, GRID, client=client, **arguments)
        other.result()
    assert mine.failures == ()
    assert content(tmp_path / "s") == expected


def test_a_worker_that_is_killed_loses_nothing(tmp_path, client, expected):
    killed = []

    def kill_one(share, what):
        if not killed and what.startswith("3 of"):
            killed.extend(client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    with client_path(client):
        done = nfa.sweeps.run(sweep_work.slow, GRID, store=tmp_path / "s", client=client, progress=kill_one)
    assert len(killed) == 2
    assert done.failures == ()
    assert content(tmp_path / "s") == expected


@contextlib.contextmanager
def client_path(client):
    """Let workers that are started again find the functions of the tests."""

    class Find(distributed.WorkerPlugin):
        name = "find"
        place = str(Path(sweep_work.__file__).parent)

        def setup(self, worker):
            import sys

            sys.path.insert(0, self.place)

    client.register_plugin(Find())
    yield
    client.unregister_worker_plugin("find")


def test_libraries_have_as_many_threads_as_a_worker_was_given(tmp_path, client):
    grid = {"number": range(4)}
    found = nfa.sweeps.run(sweep_work.threads, grid, store=tmp_path / "s", client=client, progress=False).open()
    assert set(found.blas.values) == {1}
    assert set(found.said.values) == {1}


def test_each_worker_has_a_card_a_share_of_memory_and_its_threads(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    specs = worker_specs(2, 4, 10**9, "gpu")
    assert [spec["env"]["CUDA_VISIBLE_DEVICES"] for spec in specs] == ["3", "5"]
    assert {spec["env"]["OPENBLAS_NUM_THREADS"] for spec in specs} == {"4"}
    assert all(spec["resources"] == {"GPU": 1} and spec["memory_limit"] == 10**9 for spec in specs)
    assert "CUDA_VISIBLE_DEVICES" not in worker_specs(1, 1, 10**9, "cpu")[0]["env"]
    with pytest.raises(InputError, match="workers must be at most the number of cards, 2, got 3"):
        worker_specs(3, 1, 10**9, "gpu")


def test_other_jobs_run_on_the_workers_too(client):
    jobs = [Job("one", partial(pow, 2, 3)), Job("two", partial(pow, 3, 2), cost=2.0)]
    assert ClusterWorkers(client).run(jobs) == [8, 9]
    (verdict,) = verify_claims(["identities.fact"], profile="quick", workers=ClusterWorkers(client))
    (expected,) = verify_claims(["identities.fact"], profile="quick", processes=1)
    assert verdict.status == expected.status == "held"
    assert [each.statistic for each in verdict.findings] == [each.statistic for each in expected.findings]


def test_a_scheduler_that_does_not_answer_is_refused_in_one_line():
    with (
        pytest.raises(InputError, match=r"--scheduler must be the address of a running scheduler, got 127.0.0.1:x"),
        client_of("127.0.0.1:x"),
    ):
        pass
    with (
        pytest.raises(
            InputError, match=r"--scheduler must be the address of a running scheduler, got tls://127.0.0.1:1"
        ),
        client_of("tls://127.0.0.1:1"),
    ):
        pass
