"""What the caller gave for an evaluation: keyed by name, complete, and with shapes that agree."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from array_api_compat import array_namespace, device

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


def check_properties(expression: Expression[Any], arrays: Mapping[str, Any]) -> None:
    """Refuse matrices that lack a property which their symbols declare, and on which the expression rests.

    Entries may differ by the root of the precision: values are results of floating-point products. A positive definite
    matrix has a least eigenvalue above rounding.
    """
    for symbol in plain_symbols(expression.symbols()):
        value = arrays.get(symbol.name)
        if value is None or not symbol.symmetric or value.shape[-1] != value.shape[-2]:
            continue  # a wrong shape has a message of its own
        xp = array_namespace(value)
        beside = 1 - xp.eye(value.shape[-1], dtype=value.dtype, device=device(value))
        wrong = value * beside if symbol.diagonal else value - xp.matrix_transpose(value)
        largest, scale = (float(xp.max(xp.abs(each))) if value.size else 0.0 for each in (wrong, value))
        precision = float(xp.finfo(value.dtype).eps)
        if largest > precision**0.5 * scale:
            kind = "diagonal" if symbol.diagonal else "symmetric"
            raise MissingValueError(f"the value of {symbol.name} must be {kind}, got one that is off by {largest:.2g}")
        if symbol.positive_definite and value.size:
            least = float(xp.min(xp.linalg.eigvalsh(value)))
            if least <= precision * scale * value.shape[-1]:
                raise MissingValueError(
                    f"the value of {symbol.name} must be positive definite, got a least eigenvalue of {least:.2g}"
                )


def check_exact_properties(expression: Expression[Any], matrices: Mapping[str, Any]) -> None:
    """Refuse rows of exact numbers that lack a property which their symbols declare."""
    for symbol in plain_symbols(expression.symbols()):
        rows = matrices.get(symbol.name, ())
        places = [(i, j) for i, row in enumerate(rows) for j in range(min(i, len(row)))]
        if symbol.diagonal and any(rows[i][j] or rows[j][i] for i, j in places):
            raise MissingValueError(f"the value of {symbol.name} must be diagonal, got entries beside the diagonal")
        if symbol.symmetric and any(rows[i][j] != rows[j][i] for i, j in places):
            raise MissingValueError(f"the value of {symbol.name} must be symmetric, got a matrix that is not")
        if symbol.positive_definite and not _is_positive_definite(rows):
            raise MissingValueError(f"the value of {symbol.name} must be positive definite, got a matrix that is not")


def _is_positive_definite(rows: Sequence[Sequence[Any]]) -> bool:
    """Eliminate: a symmetric matrix is positive definite if and only if every pivot is positive."""
    left = [[Fraction(each) for each in row] for row in rows]
    while left:
        pivot, *rest = left
        if pivot[0] <= 0:
            return False
        left = [[x - row[0] * p / pivot[0] for x, p in zip(row[1:], pivot[1:], strict=True)] for row in rest]
    return True


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
