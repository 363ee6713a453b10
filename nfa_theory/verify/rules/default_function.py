"""The function of a claim that has none of its own: in floating point it must give what the closed form is exactly.

It is its closed form with each symbol as an argument. Random whole numbers are inserted into the closed form without
floating point, and as arrays into the function.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.symbols import Symbol
from derivations.algebra.values import needed_names, plain_symbols
from derivations.derivation import Derivation
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.registry import get_derivation
from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.identity import TOLERANCE, distance
from nfa_theory.verify.rules.random_values import leaves

SIZES = (3, 4, 5, 6)
"""Of named dimensions, all different as far as they go."""
LEAST = 7
"""Scalars are different whole numbers from here on, three apart."""
DIGITS = 30
DRAWS = 300


def measure_function(trial: Trial, claim: str) -> Judge:
    """Compare the function with the closed form at whole numbers; one that a claim brings is measured elsewhere."""
    derivation = get_derivation(claim)
    if derivation.proof.function is not None:
        return lambda closed_form: ()
    form = derivation.closed_form
    given, called = _called(trial.rng, derivation)
    exact = exact_values(form, given)
    findings = tuple(
        _finding(trial.check, *each)
        for name, formula in form.items()
        for each in _entries(f"{name} by the function", formula, exact[name], called.get(name))
    )
    return lambda closed_form: findings


def _called(rng: np.random.Generator, derivation: Derivation) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Call the function at numbers where it is defined: roots and arc sines are not everywhere."""
    for _ in range(DRAWS):
        given = random_numbers(rng, derivation.closed_form)
        with np.errstate(all="ignore"):
            called = derivation.function(**{name: _floating(value) for name, value in given.items()})
        if all(np.isfinite(np.asarray(each, dtype=np.float64)).all() for each in leaves(tuple(called.values()))):
            return given, called
    raise ValueError(f"the function of {derivation.name} must be finite somewhere, got none in {DRAWS} draws")


def random_numbers(rng: np.random.Generator, closed_form: ClosedForm) -> dict[str, Any]:
    """Draw a number or a matrix for each symbol that is no quantity before; symmetric ones are positive definite."""
    symbols: set[Symbol] = set()
    names: set[str] = set()
    before: set[str] = set()
    for quantity, formula in closed_form.items():
        for each in leaves(formula):
            if isinstance(each, MatrixPolynomial | TracePolynomial):
                symbols |= {one for one in plain_symbols(each.symbols()) if one.name not in before}
                names |= needed_names(each) - before
            else:
                names |= {one.name for one in (sympy.S.Zero + each).free_symbols} - before
        before.add(quantity)
    dimensions = sorted({size for each in symbols for size in (each.rows, each.cols) if isinstance(size, str)})
    found: dict[str, Any] = {name: SIZES[i % len(SIZES)] for i, name in enumerate(dimensions)}
    scalars = sorted(names - found.keys() - {each.name for each in symbols})
    found |= zip(scalars, (LEAST + 3 * rng.permutation(len(scalars))).tolist(), strict=True)
    matrices = {each.name: _rows(rng, each, found) for each in sorted(symbols, key=lambda each: each.sort_key)}
    return found | matrices


def _rows(rng: np.random.Generator, symbol: Symbol, sizes: Mapping[str, Any]) -> list[list[int]]:
    rows, cols = (sizes[size] if isinstance(size, str) else size for size in (symbol.rows, symbol.cols))
    drawn = rng.integers(1, 4, (rows, cols)) * rng.choice([-1, 1], (rows, cols))
    if symbol.symmetric:
        drawn = drawn @ drawn.T + np.eye(rows, dtype=int)
    if symbol.diagonal:
        drawn = drawn * np.eye(rows, dtype=int)
    listed: list[list[int]] = drawn.tolist()
    return listed


def exact_values(closed_form: ClosedForm, given: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate every quantity without floating point; earlier ones may be symbols of later ones."""
    found: dict[str, Any] = {}
    for name, formula in closed_form.items():
        found[name] = _exact(formula, {**found, **given})
    return found


def _exact(formula: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(formula, tuple):
        return tuple(_exact(each, known) for each in formula)
    if isinstance(formula, AlignmentRatio):
        numerator, first, second = (float(_exact(part, known)) for part in formula.parts)
        return numerator / math.sqrt(first * second)
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        names = needed_names(formula)
        return formula.evaluate({name: value for name, value in known.items() if name in names})
    return _exact_number(sympy.S.Zero + formula, known)


def _exact_number(formula: sympy.Expr, known: Mapping[str, Any]) -> Any:
    """Insert numbers; a name that is that of a matrix elsewhere in the claim stands for each of its entries."""
    matrix = next((each.name for each in formula.free_symbols if isinstance(known[each.name], tuple | list)), None)
    if matrix is not None:
        rows = known[matrix]
        return tuple(tuple(_exact_number(formula, {**known, matrix: entry}) for entry in row) for row in rows)
    values = {each: _rational(known[each.name]) for each in formula.free_symbols}
    return Fraction(str(sympy.re(formula.subs(values).evalf(DIGITS))))


def _rational(value: Any) -> sympy.Rational:
    fraction = Fraction(value)
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _floating(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return np.array([[float(each) for each in row] for row in value])
    return value if isinstance(value, int) else float(value)


def _entries(name: str, formula: Any, exact: Any, called: Any) -> list[tuple[str, Any, Any]]:
    """Pair what is exact with what was called, coefficient by coefficient of a series; None where nothing came."""
    if not isinstance(formula, tuple):
        return [(name, exact, called)]
    others = called if isinstance(called, tuple) and len(called) == len(formula) else (None,) * len(formula)
    parts = zip(formula, exact, others, strict=True)
    return [entry for i, each in enumerate(parts) for entry in _entries(f"{name} [{i}]", *each)]


def _finding(check: str, name: str, exact: Any, called: Any) -> Finding:
    measured = np.asarray(_floating(exact), dtype=np.float64)
    return Finding(check, "identity", name, distance(called, measured), TOLERANCE, called, measured)
