"""What the caller gave for an evaluation: keyed by name, complete, and with shapes that agree."""

from collections.abc import Iterable, Mapping
from typing import Any

from derivations.algebra.construct import Matrix, Scalar
from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.symbols import Symbol
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.errors import MissingValueError


def by_name(expression: Expression[Any], values: Mapping[Any, Any]) -> dict[str, Any]:
    """Key the values by name, and check that every symbol has one."""
    named: dict[str, Any] = {}
    for key, value in values.items():
        name = key.symbol.name if isinstance(key, Matrix) else key.name if isinstance(key, Scalar) else key
        if not isinstance(name, str):
            raise MissingValueError(f"values belong to a Matrix, a Scalar or a name, got {key}")
        named[name] = value
    for symbol in plain_symbols(expression.symbols()):
        if symbol.name not in named:
            raise MissingValueError(f"the matrix {symbol.name} needs a value, got none")
    return named


def plain_symbols(symbols: Iterable[Symbol]) -> set[Symbol]:
    """Return the symbols whose values the others follow from: plain ones, also inside composites."""
    found: set[Symbol] = set()
    for symbol in symbols:
        if symbol.kind == "plain":
            found.add(symbol)
        found |= plain_symbols(part for word in symbol.parts for part, _ in word)
    return found


def dimensions(
    expression: Expression[Any], shapes: Mapping[str, tuple[int, int]], scalars: Mapping[str, Any]
) -> dict[str, Any]:
    """Read the dimensions off the shapes of the values, and check them against each other."""
    known = dict(scalars)
    for symbol in sorted(plain_symbols(expression.symbols()), key=lambda symbol: symbol.sort_key):
        for size, got in zip((symbol.rows, symbol.cols), shapes.get(symbol.name, ()), strict=False):
            expected = known.setdefault(size, got) if isinstance(size, str) else size
            if expected != got:
                raise MissingValueError(
                    f"the value of {symbol.name} must have shape {symbol.rows} x {symbol.cols} with "
                    f"{size} = {expected}, got {' x '.join(map(str, shapes[symbol.name]))}"
                )
    sizes = {size for symbol in expression.symbols() for size in (symbol.rows, symbol.cols)}
    needed = expression.scalar_names() | {size for size in sizes if isinstance(size, str)}
    if isinstance(expression, MatrixPolynomial):
        needed |= {size for size in expression.shape if isinstance(size, str)}
    for name in sorted(needed):
        if name not in known:
            raise MissingValueError(f"the scalar {name} needs a value, got none")
    return known


def needed_names(formula: TracePolynomial | MatrixPolynomial) -> frozenset[str]:
    """Return the names of all plain symbols, dimensions and scalars of an expression."""
    names = set(formula.scalar_names())
    if isinstance(formula, MatrixPolynomial):
        names |= {size for size in formula.shape if isinstance(size, str)}
    for symbol in formula.symbols():
        names |= _names_of(symbol)
    return frozenset(names)


def _names_of(symbol: Symbol) -> set[str]:
    names = {size for size in (symbol.rows, symbol.cols) if isinstance(size, str)}
    if not symbol.parts and symbol.kind == "plain":
        names.add(symbol.name)
    for word in symbol.parts:
        for part, _ in word:
            names |= _names_of(part)
    return names
