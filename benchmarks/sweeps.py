"""What a sweep costs: overhead of a run, two workers against a loop, efficiency, and the way to 10^5 runs.

Usage::

    python benchmarks/sweeps.py overhead              # milliseconds a run, in one process and on two workers
    python benchmarks/sweeps.py loop [RUNS] [STEPS]   # a plan on two workers against a loop over simulate
    python benchmarks/sweeps.py efficiency [RUNS]     # 1, 2, 4, 8 worker processes
    python benchmarks/sweeps.py scale [RUNS]          # constants, and what they say of 10^5 runs on 10^3 workers

On a machine that is used by others too, processor time says more than the clock; both are printed where both mean
something.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

import nfa_theory as nfa
from nfa_theory.sweeps.clients import local_client
from nfa_theory.sweeps.engine import Call, on_client
from nfa_theory.sweeps.grid import Run, run_name
from nfa_theory.sweeps.store import Store
from nfa_theory.sweeps.zarr_format import encode

PLAN = """
seeds = {runs}
[data]
name = "fashion_mnist_subset"
samples = 1000
[network]
width = 256
depth = 2
[optimizer]
steps = {steps}
learning_rate = 0.05
[measure]
every = {steps}
test = false
"""
CORES = len(os.sched_getaffinity(0))


def nothing(number):
    """Return a number: what is left is overhead."""
    return {"number": number}


def work(number):
    """Multiply small matrices for about a third of a second of processor time."""
    A = np.random.default_rng(number).standard_normal((200, 200)) / 200
    start = time.process_time()
    while time.process_time() - start < 0.3:
        A = A @ A + 1e-3
    return {"number": number}


def clock(call):
    """Return the result of a call and its seconds, of the clock and of this processor."""
    start, used = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - start, time.process_time() - used


def overhead(runs=400):
    """Time runs that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        grid = {"number": range(runs)}
        arguments = {"workers": 1, "progress": False}
        nfa.sweeps.run(nothing, {"number": [0]}, store=f"{folder}/warm", **arguments)
        _, wall, used = clock(lambda: nfa.sweeps.run(nothing, grid, store=f"{folder}/one", **arguments))
        print(f"one process: {1e3 * wall / runs:.2f} ms a run ({1e3 * used / runs:.2f} ms of processor)")
        with local_client(2) as client:
            arguments = {"client": client, "progress": False}
            nfa.sweeps.run(nothing, {"number": range(8)}, store=f"{folder}/warm2", **arguments)
            _, wall, used = clock(lambda: nfa.sweeps.run(nothing, grid, store=f"{folder}/two", **arguments))
        print(f"two workers: {1e3 * wall / runs:.2f} ms a run ({1e3 * used / runs:.2f} ms in client and scheduler)")


def loop(runs=200, steps=100):
    """Compare a plan on two workers with a loop over `simulate` in one process, and all numbers."""
    from threadpoolctl import threadpool_limits

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(PLAN.format(runs=runs, steps=steps))
        data, net = nfa.load_dataset("fashion_mnist_subset", train=1000), nfa.MLP((784, 256, 256, 10))
        options = {"steps": steps, "learning_rate": 0.05, "measure": steps}

        def one_by_one():
            return [nfa.simulate(data.X, data.Y, net, seed=seed, **options) for seed in range(runs)]

        nfa.simulate(data.X, data.Y, net, seed=0, **options)
        with threadpool_limits(1):
            records, alone, used = clock(one_by_one)
        with threadpool_limits(CORES):
            few = max(1, runs // 20)
            _, threaded, _ = clock(lambda: [nfa.simulate(data.X, data.Y, net, seed=s, **options) for s in range(few)])
        done, together, _ = clock(lambda: nfa.sweeps.run(path, store=f"{folder}/s", workers=2, progress=False))
        sweep = done.open()
        same = all(
            np.array_equal(sweep[name].isel(seed=i).values, one[name].values[0], equal_nan=True)
            for i, one in enumerate(records)
            for name in one.data_vars
        )
    print(f"{runs} runs of {alone / runs:.2f} s ({used / runs:.2f} s of processor) in a loop: {alone:.1f} s")
    print(f"a loop with {CORES} threads of linear algebra would take {threaded / few * runs:.1f} s (from {few} runs)")
    print(f"on two workers, their start included: {together:.1f} s, {alone / together:.2f} times as fast")
    print(f"every recorded number the same, bit for bit: {same}")


def efficiency(runs=48):
    """Compute the same runs on 1, 2, 4 and 8 processes."""
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2, 4, 8):
            with local_client(workers) as client:
                arguments = {"client": client, "progress": False}
                nfa.sweeps.run(work, {"number": range(-2 * workers, 0)}, store=f"{folder}/w{workers}", **arguments)
                grid = {"number": range(runs)}
                before = sum(client.run(time.process_time).values())
                _, wall, used = clock(lambda: nfa.sweeps.run(work, grid, store=f"{folder}/{workers}", **arguments))  # noqa: B023
                spent = used + sum(client.run(time.process_time).values()) - before
            ideal = 0.3 * runs / min(workers, CORES)
            print(
                f"{workers} workers: {wall:.2f} s, ideal on {min(workers, CORES)} cores {ideal:.2f} s, efficiency "
                f"{ideal / wall:.2f}; of all processor time {100 * 0.3 * runs / spent:.0f} % in the runs, "
                f"{1e3 * used / runs:.2f} ms a run in client and scheduler; load {os.getloadavg()[0]:.0f}"
            )


def scale(runs=2000):
    """Measure the constants of a large sweep, and add them up."""
    steps, layers = 20, 4
    rng = np.random.default_rng(0)
    shape = (1, steps, layers)
    record = xr.Dataset(
        {name: (("seed", "step", "layer"), rng.standard_normal(shape)) for name in ("uc_nfa", "c_nfa", "change")}
        | {name: (("seed", "step"), rng.standard_normal(shape[:2])) for name in ("loss", "accuracy", "test_loss")}
        | {"decomposition": (("seed", "step", "layer", "a", "b"), rng.standard_normal((*shape, 3, 3)))},
        {"seed": [0], "step": range(steps), "layer": range(layers)},
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"{folder}/s")
        store.create()
        names = [Run(run_name({"i": i}), {"network.width": 64, "i": i}, (i,)) for i in range(runs)]
        files = encode(record, store.marks(names[0]))
        size = sum(map(len, files.values()))
        _, _, encoded = clock(lambda: [encode(record, store.marks(run)) for run in names[:200]])
        _, written, used = clock(lambda: [store.add(run, files) for run in names])
        found, listed, _ = clock(store.finished)
        described, _, read = clock(lambda: [store.described(name) for name in list(found)[:1000]])
        with local_client(2) as client:
            calls = [Call(f"t{i}", nothing, (i,)) for i in range(500)]
            list(on_client(client, [Call(f"w{i}", nothing, (i,)) for i in range(50)]))
            _, wall, task = clock(lambda: list(on_client(client, calls)))
            # The processes of this machine are watched from here, ten times a second: a cluster's are not.
            _, idle_wall, idle = clock(lambda: time.sleep(10))
            task -= idle / idle_wall * wall
    encode_ms, write_ms, task_ms = 1e3 * encoded / 200, 1e3 * used / runs, 1e3 * task / len(calls)
    list_us, read_ms = 1e6 * listed / runs, 1e3 * read / len(described)
    print(f"a run of {steps} measurements of {layers} layers: {len(files)} files, {size / 1e3:.1f} kB")
    print(
        f"encoding {encode_ms:.2f} ms, writing {write_ms:.2f} ms of processor ({1e3 * written / runs:.2f} ms of clock)"
    )
    print(f"listing {list_us:.1f} us a run, reading a description {read_ms:.3f} ms")
    print(f"client and scheduler: {task_ms:.2f} ms of processor a task ({1e3 * wall / len(calls):.2f} ms of clock)")
    print(f"watching two workers: {100 * idle / idle_wall:.1f} % of a core, not counted above")
    total, workers = 10**5, 10**3
    # With 1000 workers Dask lets each report every 10 s; a report is taken to cost as much as a task.
    beat = workers / 10 * task_ms / 1e3
    busy = task_ms / 1e3
    print(f"\n{total:,} runs on {workers:,} workers, from these numbers:")
    print(f"  store: {total * size / 1e9:.1f} GB, {total * len(files) / 1e6:.1f} million files")
    print(f"  scheduler and client: {total * busy:.0f} s of one core in all, heartbeats {100 * beat:.0f} % of it")
    print(f"  they keep {workers:,} workers busy if a task lasts at least {workers * busy / max(1 - beat, 0.01):.2f} s")
    print(f"  listing what is finished: {total * list_us / 1e6:.1f} s; opening: {total * read_ms / 1e3:.0f} s")
    for seconds in (1, 10, 100):
        hours, each = total * seconds / 3600, total * seconds / workers
        print(f"  runs of {seconds} s: {each:.0f} s of computing on each worker, {hours:.0f} core-hours")


if __name__ == "__main__":
    part, *numbers = sys.argv[1:] or ["overhead"]
    {"overhead": overhead, "loop": loop, "efficiency": efficiency, "scale": scale}[part](*map(int, numbers))
