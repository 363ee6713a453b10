"""How long a sweep takes and how much it writes, from one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """What one run lets expect of the others.

    Parameters
    ----------
    runs : int
        Those that are still missing.
    seconds_of_one, bytes_of_one : float, int
        Of the run that was tried.
    seconds : float
        Of all others on these workers; runs are taken to last as long as their multiplications.
    size : int
        Bytes of all runs of the sweep.
    workers : int
        Processes that compute.
    """

    runs: int
    seconds_of_one: float
    bytes_of_one: int
    seconds: float
    size: int
    workers: int

    def __str__(self) -> str:
        one = f"one run took {duration(self.seconds_of_one)} and {amount(self.bytes_of_one)}"
        workers = "in one process" if self.workers == 1 else f"on {self.workers} workers"
        return f"{one}; {self.runs} more take about {duration(self.seconds)} {workers}, all {amount(self.size)}"


def duration(seconds: float) -> str:
    """Write a time as people say it.

    Examples
    --------
    >>> duration(0.25), duration(90), duration(7300)
    ('0.25 s', '1 min 30 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def amount(size: int) -> str:
    """Write a number of bytes as people say it.

    Examples
    --------
    >>> amount(999), amount(22_600), amount(3_000_000_000)
    ('999 bytes', '22.6 kB', '3 GB')
    """
    value, units = float(size), iter(("kB", "MB", "GB", "TB", "PB"))
    if size < 1000:
        return f"{size} bytes"
    while value >= 1000:
        value, unit = value / 1000, next(units)
    return f"{value:.3g} {unit}"
