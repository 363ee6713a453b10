"""Numbers of a verdict as a row of the report shows them: dots on a strip, and single values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nfa_theory.figures.verdict import share

Verdict = Mapping[str, Any]

REFUSED = 82.0
"""Where on the strip, in percent of its width, a quantity is refused; ten percent are a factor of ten."""
_ENDS = (2.0, 98.0)
_KINDS = {"identity": "exact", "exact average": "exact", "average": "drawn", "limit": "drawn", "order": "falls"}


def dots(verdict: Verdict) -> list[tuple[float, str]]:
    """Place the quantities of a claim on its strip.

    Parameters
    ----------
    verdict : mapping
        On one claim.

    Returns
    -------
    list of (float, str)
        Place in percent of the width, and kind of check; quantities at one place are one dot.

    Examples
    --------
    >>> dots({"findings": [{"kind": "identity", "statistic": 1e-11, "threshold": 1e-10, "held": True}]})
    [(72.0, 'exact')]
    """
    return sorted({(_place(share(each)), _KINDS[each["kind"]]) for each in verdict["findings"]})


def distance_in_words(verdict: Verdict) -> str:
    """Say for those who do not see the strip what it shows."""
    if not verdict["findings"]:
        return "Nothing was measured."
    worst = max(verdict["findings"], key=share)
    count = len(verdict["findings"])
    return (
        f"{count} {'quantity' if count == 1 else 'quantities'}; the largest distance from the prediction is "
        f"{share(worst):.1g} of what is refused ({worst['quantity']})."
    )


def worst_entry(finding: Mapping[str, Any]) -> tuple[str, str]:
    """Write the predicted and the measured value of a quantity; of an array, those that are farthest apart."""
    given = [finding["predicted"], finding["measured"]]
    if None in given:
        one, other = ("none" if each is None else "given" for each in given)
        return one, other
    predicted, measured = (np.ravel(np.asarray(each, dtype=np.float64)) for each in given)
    if predicted.shape != measured.shape or not predicted.size:
        return _count(predicted.size), _count(measured.size)
    distance = np.where(np.isfinite(predicted - measured), abs(predicted - measured), np.inf)
    worst = int(distance.argmax())
    return f"{predicted[worst]:.5g}", f"{measured[worst]:.5g}"


def short(value: float | None) -> str:
    """Write a number in few digits."""
    return "none" if value is None else f"{value:.3g}"


def _count(size: int) -> str:
    return f"{size} value{'s' * (size != 1)}"


def _place(distance: float) -> float:
    low, high = _ENDS
    if distance <= 0:
        return low
    return high if math.isinf(distance) else round(min(max(REFUSED + 10 * math.log10(distance), low), high), 1)
