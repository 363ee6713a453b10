"""Expressions that remember their values, and are evaluated with one term changed from what they remember.

A closed form may have hundreds of terms, and each of its mutants changes one: to multiply all of them out again for
every mutant would take hours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.expression import add_terms
from derivations.algebra.symbols import merge_tables
from derivations.algebra.values import dimensions, needed_names
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_engine, evaluate_formula

MOST = 64
"""Values that an original remembers, at most."""


@dataclass(frozen=True)
class Known:
    """The value of a true expression.

    Parameters
    ----------
    value : number or array
        The value.
    given, sizes : mapping from str
        What was inserted, and all scalars, dimensions read off the arrays among them.
    """

    value: Any
    given: Mapping[str, Any]
    sizes: Mapping[str, Any]


class Original:
    """An expression whose terms are changed one at a time.

    Parameters
    ----------
    expression : MatrixPolynomial or TracePolynomial
        The true expression.
    """

    def __init__(self, expression: Any) -> None:
        self.expression = expression
        self.names = needed_names(expression)
        self._known: dict[Any, Known] = {}

    def with_term(self, key: Any, new: Any) -> Any:
        """Replace a term."""
        true = self.expression
        difference = new - true.replaced(true.table, {key: true.terms[key]})
        table = merge_tables(true.table, new.table)[0]
        terms = dict(true.over(table))
        add_terms(terms, difference.over(table))
        return _changed(true.replaced(table, terms), self, difference)

    @classmethod
    def of(cls, expression: Any) -> "Original":
        """Return what remembers the values of an expression: the same for the same remembering expression."""
        known = isinstance(expression, ChangedMatrix | ChangedTraces) and not expression.difference
        return expression.original if known else cls(expression)

    def value(self, given: Mapping[str, Any], evaluate: Callable[[Any, Mapping[str, Any]], Any]) -> Known:
        """Evaluate the true expression, once for the same values."""
        key = tuple((name, each if isinstance(each, int | float) else id(each)) for name, each in given.items())
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            # What was given is kept, so that no other array gets the identity of one of these.
            value = evaluate(self.expression, given)
            sizes = {} if isinstance(value, tuple | Fraction) else self._sizes(given)  # exact values need none
            self._known[key] = Known(value, given, sizes)
        return self._known[key]

    def _sizes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        arrays = {name: value for name, value in given.items() if getattr(value, "ndim", 0)}
        shapes = {name: array.shape[-2:] for name, array in arrays.items()}
        return dimensions(self.expression, shapes, {name: given[name] for name in given.keys() - arrays.keys()})


class ChangedTraces(TracePolynomial):
    """A trace polynomial with one term changed, or none; arithmetic on it gives plain ones.

    Parameters
    ----------
    wrong : TracePolynomial
        The changed expression.
    original : Original
        The true one.
    difference : TracePolynomial
        The changed expression less the true one.
    """

    __slots__ = ("difference", "original")

    def __init__(self, wrong: TracePolynomial, original: Original, difference: TracePolynomial) -> None:
        super().__init__(wrong.table, wrong.terms)
        self.original = original
        self.difference = difference


class ChangedMatrix(MatrixPolynomial):
    """A matrix polynomial with one term changed, or none; arithmetic on it gives plain ones.

    Parameters
    ----------
    wrong : MatrixPolynomial
        The changed expression.
    original : Original
        The true one.
    difference : MatrixPolynomial
        The changed expression less the true one.
    """

    __slots__ = ("difference", "original")

    def __init__(self, wrong: MatrixPolynomial, original: Original, difference: MatrixPolynomial) -> None:
        super().__init__(wrong.table, wrong.terms, *wrong.shape)
        self.original = original
        self.difference = difference


Changed: TypeAlias = ChangedMatrix | ChangedTraces


@evaluate_formula.register(ChangedMatrix)
@evaluate_formula.register(ChangedTraces)
def _evaluate_changed(formula: Changed, values: Mapping[str, Any]) -> Any:
    """Add the difference to the value of the true expression."""
    names = formula.original.names
    true = formula.original.value({name: value for name, value in values.items() if name in names}, evaluate_engine)
    if not formula.difference:
        return true.value
    if isinstance(true.value, tuple | Fraction):  # exact values do not add up like arrays
        return evaluate_engine(formula, values)
    return true.value + formula.difference.compile()({**true.given, **true.sizes})


def _changed(wrong: Any, original: Original, difference: Any) -> Changed:
    kind: Any = ChangedMatrix if isinstance(wrong, MatrixPolynomial) else ChangedTraces
    changed: Changed = kind(wrong, original, difference)
    return changed


def remembering(formula: Any) -> Any:
    """Let the expressions of a formula remember their values, for themselves and for what is changed of them."""
    if isinstance(formula, tuple):
        return tuple(map(remembering, formula))
    if isinstance(formula, AlignmentRatio):
        return formula.map(remembering)
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        return _changed(formula, Original(formula), formula.replaced(formula.table, {}))
    return formula
