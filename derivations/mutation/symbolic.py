"""Wrong structure of SymPy expressions: powers off by one, symbols exchanged."""

from collections.abc import Iterator
from itertools import combinations

import sympy

from derivations.derivation import vanishes

DIGITS = 40


def symbolic_changes(formula: sympy.Expr) -> Iterator[tuple[str, sympy.Expr]]:
    """Change the structure of an expression in one place after the other."""
    seen = {formula}
    for description, wrong in (*_shifted_powers(formula), *_exchanged_symbols(formula)):
        if wrong in seen or wrong.has(sympy.zoo, sympy.nan) or _equal(wrong, formula):
            continue
        seen.add(wrong)
        yield description, wrong


def _shifted_powers(formula: sympy.Expr) -> Iterator[tuple[str, sympy.Expr]]:
    """Shift the exponent of each power; a symbol alone is a first power."""
    parts = sorted(formula.atoms(sympy.Add, sympy.Mul, sympy.Pow, sympy.Function), key=sympy.default_sort_key)
    for step in (1, -1):
        if isinstance(formula, sympy.Symbol):
            yield f"{formula} to the power {1 + step} for 1", formula ** (1 + step)
        for part in parts:
            if isinstance(part, sympy.Pow):
                base, exponent = part.as_base_exp()
                changed = formula.xreplace({part: base ** (exponent + step)})
                yield f"{base} to the power {exponent + step} for {exponent}", changed
                continue
            for symbol in part.args:
                if isinstance(symbol, sympy.Symbol):
                    others = [each ** (1 + step) if each == symbol else each for each in part.args]
                    changed = formula.xreplace({part: part.func(*others)})
                    yield f"{symbol} to the power {1 + step} for 1 in {part}", changed


def _exchanged_symbols(formula: sympy.Expr) -> Iterator[tuple[str, sympy.Expr]]:
    """Exchange two symbols in each term of the sum, or in the whole where it is none."""
    for term in sympy.Add.make_args(formula):
        for first, second in combinations(sorted(term.free_symbols, key=lambda symbol: symbol.name), 2):
            changed = term.xreplace({first: second, second: first})
            yield f"{first} and {second} exchanged in {term}", formula - term + changed


def _equal(wrong: sympy.Expr, formula: sympy.Expr) -> bool:
    """Tell whether two expressions are equal: a proof by simplification, tried only where numbers suggest it."""
    symbols = sorted(formula.free_symbols | wrong.free_symbols, key=lambda symbol: symbol.name)
    point = {symbol: sympy.Rational(7 + 3 * i, 31 + 5 * i) for i, symbol in enumerate(symbols)}
    difference = wrong - formula
    return abs(difference.evalf(DIGITS, subs=point)) < sympy.Float(10) ** (-DIGITS // 2) and vanishes(difference)
