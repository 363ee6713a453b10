"""Numbers from a closed form: every quantity, and the three parts of every alignment."""

from collections.abc import Mapping
from typing import Any

from derivations.alignment_ratio import AlignmentRatio
from derivations.errors import MissingValueError
from derivations.evaluation import numeric_function

PARTS = ("numerator", "first", "second")
"""An alignment is ``numerator / sqrt(first * second)``."""


def with_parts(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """List the parts of each alignment as quantities of their own.

    Parameters
    ----------
    closed_form : mapping
        Formulas by quantity.

    Returns
    -------
    dict
        The same, and ``"C-NFA numerator"``, ``"C-NFA first"``, ``"C-NFA second"`` for an alignment ``"C-NFA"``. Their
        averages can be measured without bias; that of their ratio cannot.
    """
    listed: dict[str, Any] = {}
    for name, formula in closed_form.items():
        if isinstance(formula, AlignmentRatio):
            listed |= {f"{name} {part}": getattr(formula, part) for part in PARTS}
        listed[name] = formula
    return listed


def evaluate(closed_form: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate every quantity for which there are values.

    Parameters
    ----------
    closed_form : mapping
        Formulas by quantity.
    values : mapping
        Arrays and numbers by symbol.

    Returns
    -------
    dict
        By quantity, alignments and their parts; empty if nothing can be evaluated.
    """
    try:
        return numeric_function(with_parts(closed_form))(**values)
    except MissingValueError:
        return {}
