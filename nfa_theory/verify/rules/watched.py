"""Closed forms that remember where they were evaluated, so that the court can tell what its instances do not see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.judging.visibility import Instance, instances_of, scalar_names, unseen
from nfa_theory.verify.rules.quantities import PARTS

MOST = 8
"""Values of a scalar that are listed, at most."""


@dataclass(frozen=True, eq=False)
class Watched:
    """An expression of a closed form.

    Parameters
    ----------
    formula : MatrixPolynomial or TracePolynomial or sympy.Expr
        The expression.
    scalars : frozenset of str
        Names of scalars that the true expression depends on.
    instances : set of Instance
        Where it was evaluated so far.
    """

    formula: Any
    scalars: frozenset[str]
    instances: set[Instance] = field(default_factory=set)

    def unseen(self) -> str | None:
        """Say what the instances do not see of the expression, or None if they see all of it."""
        return unseen(self.formula, tuple(self.instances), self.scalars)


@evaluate_formula.register(Watched)
def _evaluate_watched(formula: Watched, values: Mapping[str, Any]) -> Any:
    found = evaluate_formula(formula.formula, values)  # what lacks a value is no instance
    formula.instances.update(instances_of(formula.formula, values, formula.scalars))
    return found


def watched(closed_form: Mapping[str, Any], true: Mapping[str, Any]) -> dict[str, Any]:
    """Watch every expression of a closed form; the true one tells of which scalars there must be several values."""
    return {name: _watched(formula, true.get(name, formula)) for name, formula in closed_form.items()}


def unseen_parts(closed_form: Mapping[str, Any]) -> tuple[str, ...]:
    """Say of each watched expression what its instances did not see of it."""
    found = ((name, each.unseen()) for name, each in _expressions(closed_form))
    return tuple(f"{name}: {reason}" for name, reason in found if reason)


def tried_values(closed_form: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """List by quantity the sizes and other whole numbers at which watched expressions were evaluated."""
    found: dict[str, dict[str, set[float]]] = {}
    for quantity, formula in closed_form.items():
        for _, each in _expressions({quantity: formula}):
            for name, value in (pair for instance in each.instances for pair in instance):
                if name in each.scalars and isinstance(value, float) and value.is_integer() and value > 0:
                    found.setdefault(quantity, {}).setdefault(name, set()).add(value)
    return {
        quantity: {name: sorted(numbers)[:MOST] for name, numbers in sorted(by_name.items())}
        for quantity, by_name in found.items()
    }


def _watched(formula: Any, true: Any) -> Any:
    if isinstance(formula, tuple):
        return tuple(_watched(each, other) for each, other in zip(formula, true, strict=True))
    if isinstance(formula, AlignmentRatio):
        return AlignmentRatio(*(_watched(getattr(formula, part), getattr(true, part)) for part in PARTS))
    return Watched(formula, scalar_names(formula) | scalar_names(true))


def _expressions(formula: Any, name: str = "") -> Iterator[tuple[str, Watched]]:
    """List every watched expression with its place."""
    if isinstance(formula, Watched):
        yield name, formula
    elif isinstance(formula, AlignmentRatio):
        for part in PARTS:
            yield f"{name} {part}", getattr(formula, part)
    elif isinstance(formula, tuple):
        for i, each in enumerate(formula):
            yield from _expressions(each, f"{name}[{i}]")
    else:
        for key, each in formula.items():
            yield from _expressions(each, key)
