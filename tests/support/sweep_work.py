"""Runs that take a while and say when they begin; as a program it is a client that can be killed.

Called as ``python sweep_work.py STORE --workers N`` or ``STORE --scheduler ADDRESS``.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

RUNS = 40
GRID = {"number": range(RUNS), "seconds": [0.05]}


def slow(number, seconds):
    time.sleep(seconds)
    return {"digits": np.random.default_rng(number).standard_normal(5)}


def logged(number, seconds):
    """Write a line of its own for each beginning; short writes at the end of a file are never mixed."""
    with Path(os.environ["SWEEP_LOG"]).open("a") as log:
        log.write(f"{number}\n")
    return slow(number, seconds)


def die_of(number):
    if number == 1:
        os.kill(os.getpid(), 9)
    return {"number": number}


def threads(number):
    from threadpoolctl import threadpool_info

    return {
        "blas": max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"),
        "said": int(os.environ["OMP_NUM_THREADS"]),
    }


def main(store, kind, where):
    import sweep_work  # a name that workers can import

    import nfa_theory as nfa
    from nfa_theory.sweeps.clients import client_of
    from numerics.errors import InputError

    try:
        if kind == "--workers":
            done = nfa.sweeps.run(sweep_work.logged, GRID, store=store, workers=int(where))
        else:
            with client_of(where) as client:
                done = nfa.sweeps.run(sweep_work.logged, GRID, store=store, client=client)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{done.before} {done.computed} {len(done.failures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
