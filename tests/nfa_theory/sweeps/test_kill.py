"""kill -9 of the client, a worker or the scheduler at any moment: nothing lost, nothing twice, the same bytes."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import sweep_work

import nfa_theory as nfa

SCRIPT = Path(sweep_work.__file__)
VICTIMS = ("client", "worker", "scheduler")
DRAWS = np.random.default_rng(22)
KILLS = [(VICTIMS[i % 3], float(share)) for i, share in enumerate(DRAWS.uniform(0, 0.95, 20).round(2))]


def content(folder):
    """Return every file, but those that a killed process left unfinished."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {path.relative_to(folder): path.read_bytes() for path in paths if ".unfinished" not in str(path)}


def finished(store):
    return {path.parent.name: path.stat().st_mtime_ns for path in (store / "runs").glob("*/zarr.json")}


def begun(log):
    return log.read_text().split() if log.exists() else []


def start(store, log, *where):
    environment = {**os.environ, "SWEEP_LOG": str(log), "PYTHONPATH": str(SCRIPT.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), str(store), *where]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(store, count, process):
    """Wait until so many runs are there, or the process has ended."""
    while len(finished(store)) < count and process.poll() is None:
        time.sleep(0.005)


def go_on(store, log, *where):
    """Give the same command again, and check that it does only what was missing."""
    there, before = finished(store), begun(log)
    output, errors = (process := start(store, log, *where)).communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    assert list(map(int, output.split())) == [len(there), sweep_work.RUNS - len(there), 0]
    assert len(begun(log)) - len(before) == sweep_work.RUNS - len(there)
    assert {name: when for name, when in finished(store).items() if name in there} == there


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    os.environ["SWEEP_LOG"] = str(folder / "log")
    nfa.sweeps.run(sweep_work.logged, sweep_work.GRID, store=folder / "s", workers=1, progress=False)
    yield content(folder / "s")
    del os.environ["SWEEP_LOG"]


def test_a_killed_client_loses_nothing(tmp_path, whole):
    store, log = tmp_path / "s", tmp_path / "log"
    process = start(store, log, "--workers", "1")
    wait_for(store, 7, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    there = finished(store)
    assert 7 <= len(there) < sweep_work.RUNS
    done = nfa.sweeps.run(sweep_work.logged, sweep_work.GRID, store=store, workers=1, progress=False)
    assert (done.before, done.computed) == (len(there), sweep_work.RUNS - len(there))
    assert {name: when for name, when in finished(store).items() if name in there} == there
    assert content(store) == whole


@contextmanager
def cluster(log):
    """Start a scheduler and two workers, each in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    environment = {**os.environ, "SWEEP_LOG": str(log), "PYTHONPATH": str(SCRIPT.parent)}
    port = address.rpartition(":")[2]
    commands = [
        ["dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"],
        *[["dask_worker", address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "60"]] * 2,
    ]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *rest],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name, *rest in commands
    ]  # fmt: skip
    try:
        yield address, started[0]
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="workers need Dask distributed (the extra 'sweeps')")
@pytest.mark.parametrize(("victim", "share"), KILLS)
def test_twenty_kills(tmp_path, whole, victim, share):
    store, log = tmp_path / "s", tmp_path / "log"
    count = max(1, int(share * sweep_work.RUNS))
    if victim == "scheduler":
        with cluster(log) as (address, scheduler):
            process = start(store, log, "--scheduler", address)
            wait_for(store, count, process)
            scheduler.kill()
            _, errors = process.communicate(timeout=300)
            if process.returncode:  # else everything was finished
                assert process.returncode == 2
                assert errors.strip() == f"the connection to {address} was lost; what is finished is kept"
    else:
        process = start(store, log, "--workers", "2")
        wait_for(store, count, process)
        if victim == "client":
            process.kill()
            process.communicate()
        else:
            import psutil  # Dask needs it too

            children = psutil.Process(process.pid).children(recursive=True)
            workers = [each for each in children if "spawn_main" in str(each.cmdline())]
            workers[int(100 * share) % len(workers)].kill()
            output, errors = process.communicate(timeout=300)
            assert (process.returncode, errors) == (0, "")
            assert output.split()[2] == "0"
    go_on(store, log, "--workers", "2")
    assert content(store) == whole
    assert len(finished(store)) == sweep_work.RUNS


@pytest.mark.slow
def test_a_run_that_kills_its_workers_is_recorded_and_the_others_go_on(tmp_path):
    pytest.importorskip("distributed", reason="workers need Dask distributed (the extra 'sweeps')")
    script = (
        "import sys, sweep_work, nfa_theory as nfa\n"
        "if __name__ == '__main__':\n"
        "    done = nfa.sweeps.run(sweep_work.die_of, {'number': range(4)}, store=sys.argv[1], workers=2)\n"
        "    print(done.computed, [each.message for each in done.failures])\n"
    )
    (tmp_path / "client.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent)}
    command = [sys.executable, str(tmp_path / "client.py"), str(tmp_path / "s")]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    message = "its workers died while computing it (out of memory, or killed)"
    assert found.stdout.strip() == f"3 ['{message}']"
