"""Notes: what is accepted, but perhaps not meant, is said once, with how to change it."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj
from jaxtyping import Float64

from numerics.backend.arrays import to_host
from numerics.errors import DataWarning

MOST_ROWS = 1000
"""What dominates is judged from at most so many samples, evenly spaced."""
DOMINANT = 0.5
"""A share of the second moment above which one thing decides what a Gram matrix says."""
FEW = 50
"""At most so many different integers look like classes."""
_PACKAGE = ("numerics", "nfa_theory", "jaxtyping", "beartype")


def note(text: str) -> None:
    """Warn whoever called the package, once for each place of theirs."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _ours(frame.f_globals.get("__name__", "")):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(text, DataWarning, stacklevel=depth + 1)


def _ours(module: str) -> bool:
    return module.split(".")[0] in _PACKAGE


def what_dominates(X: Any) -> str | None:
    """Say what holds more than half of the second moment of the inputs: their mean, a column, or one direction."""
    rows = some_rows(X)
    if rows.shape[1] < 2 or len(rows) < 2 or not np.isfinite(rows).all():
        return None
    largest = float(np.abs(rows).max())
    if largest == 0:
        return None
    rows = rows / largest  # whatever their scale, squares neither overflow nor vanish
    columns = np.mean(rows**2, axis=0)
    total = float(columns.sum())
    mean = rows.mean(axis=0)
    if mean @ mean > DOMINANT * total:
        constant = np.flatnonzero((rows == rows[0]).all(axis=0))
        what = "the mean of X holds"
        if len(constant) and columns[constant].sum() > DOMINANT * total:
            what = f"constant columns of X (the first is {int(constant[0])}) hold"
        return f"{what} {_percent(mean @ mean / total)} of its second moment"
    top = int(columns.argmax())
    if columns[top] > DOMINANT * total and columns[top] > 10 * np.sort(columns)[(len(columns) - 1) // 2]:
        return f"column {top} of X holds {_percent(columns[top] / total)} of its second moment"
    share = _leading_share(rows)
    if rows.shape[1] > 2 and share > 0.9:
        return f"one direction of X holds {_percent(share)} of its second moment"
    return None


def what_labels_hold(Y: Any) -> str | None:
    """Say whether the mean of the labels outweighs their spread."""
    rows = some_rows(Y)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(axis=0)
        offset, spread = float(np.linalg.norm(mean)), float(np.sqrt(np.sum(rows.var(axis=0))))
    if not np.isfinite(offset) or not 0 < spread < offset:
        return None
    return f"the mean of the labels, {offset:.3g}, outweighs their spread, {spread:.3g}"


def some_rows(array: Any) -> Float64[np.ndarray, "m d"]:
    """Bring at most `MOST_ROWS` evenly spaced rows to the host."""
    n = int(array.shape[0])
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_ROWS)).astype(int))
    if is_array_api_obj(array) and not isinstance(array, np.ndarray):
        xp = array_namespace(array)
        return np.asarray(to_host(xp.take(array, xp.asarray(chosen, device=device(array)), axis=0)), dtype=np.float64)
    return np.asarray(array[chosen], dtype=np.float64)


def _leading_share(rows: Float64[np.ndarray, "m d"]) -> float:
    """Estimate the largest eigenvalue of the second moment over its trace, from below, by the power method."""
    v = rows[int(np.argmax(np.sum(rows**2, axis=1)))]
    value = 0.0
    for _ in range(10):
        v = v / np.linalg.norm(v)
        w = rows.T @ (rows @ v)
        value, v = float(v @ w), w
    return value / float(np.sum(rows**2))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
