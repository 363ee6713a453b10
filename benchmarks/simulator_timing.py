"""Timing by turns."""

import statistics
import time

CLOCK = time.perf_counter
PAUSE = 0.2
"""Threads of BLAS and of OpenMP spin for a while after their work: neither side should run beside the other's."""


def by_turns(functions, repeats):
    """Call each function once to warm up, then all of them in turn; return the seconds of every call, by function."""
    for function in functions.values():
        function()
    seconds = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            time.sleep(PAUSE)
            start = CLOCK()
            function()
            seconds[name].append(CLOCK() - start)
    return seconds


def ratio(slow, fast):
    """Return the median of the ratios of neighboring runs."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def report(title, seconds, baseline, wanted):
    """Print median and least times, and how many times faster than the baseline."""
    print(f"\n{title}\n{'':24}{'median s':>10}{'least s':>10}{'faster':>9}  wanted")
    for name, times in seconds.items():
        faster = f"{ratio(seconds[baseline], times):8.2f}x"
        print(
            f"{name:24}{statistics.median(times):10.3f}{min(times):10.3f}{faster:>9}"
            f"  {'' if name == baseline else wanted}"
        )
