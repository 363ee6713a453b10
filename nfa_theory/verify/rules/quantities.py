"""Numbers from a closed form: every quantity, and the three parts of every alignment."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from derivations.errors import MissingValueError
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import numeric_function

PARTS = ("numerator", "first", "second")
"""An alignment is ``numerator / sqrt(first * second)``."""


def with_parts(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """List the parts of each alignment as quantities of their own."""
    listed: dict[str, Any] = {}
    for name, formula in closed_form.items():
        if isinstance(formula, AlignmentRatio):
            listed |= {f"{name} {part}": getattr(formula, part) for part in PARTS}
        listed[name] = formula
    return listed


def predictions(
    predict: Callable[[Mapping[str, Any]], Mapping[str, Any]], form: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Let a closed form predict; one that cannot be evaluated predicts nothing, and is refused for it."""
    try:
        with np.errstate(all="ignore"):
            return predict(form)
    except (MissingValueError, ArithmeticError, LookupError, TypeError, ValueError):
        return {}


def evaluate(closed_form: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate every quantity for which there are values."""
    return dict(predictions(lambda form: numeric_function(with_parts(form))(**values), closed_form))
