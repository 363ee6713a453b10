"""What instances can see of a closed form: sizes of matrices and values of scalars, against what the form contains.

Matrices of size 2 satisfy identities that hold for no other size, and a polynomial in ``k`` that vanishes at every
``k`` tried is invisible. An expression is *seen* by instances if each scalar takes more values than its degree, and if
no other combination of the terms has the same value at all instances, whatever the entries of the matrices: the terms
must be linearly independent as functions on the instances. Independence is computed at random matrices of their
shapes. Numbers with many digits count as drawn: no polynomial with rational coefficients vanishes at them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import RationalFunction
from derivations.algebra.expression import key_letters
from derivations.algebra.symbols import Symbol
from derivations.algebra.values import needed_names, plain_symbols

DIGITS = 6
"""A number with no more decimals than these was chosen by hand, and a polynomial may vanish there."""
INDEPENDENT = 1e-11
"""Least singular value of unit columns that counts as independence, relative to the largest; rounding leaves 1e-16."""
SEED = 20240205

Instance: TypeAlias = frozenset[tuple[str, Any]]
"""Name and shape of each matrix, name and value of each scalar."""
Powers: TypeAlias = tuple[int, ...]


def instances_of(
    formula: Any, values: Mapping[str, Any], scalars_too: frozenset[str] = frozenset()
) -> Iterator[Instance]:
    """Read shapes and scalars off values; arrays of scalars are one instance for each entry."""
    engine = isinstance(formula, MatrixPolynomial | TracePolynomial)
    symbols = {each.name for each in plain_symbols(formula.symbols())} if engine else set()
    matrices = {name: _shape(value) for name, value in values.items() if name in symbols}
    names = (needed_names(formula) if engine else scalar_names(formula)) | scalars_too
    scalars = {name: value for name, value in values.items() if name in names - symbols}
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in scalars.values()))
    for entry in range(arrays[0].size if arrays else 1):
        numbers = {name: float(array.flat[entry]) for name, array in zip(scalars, arrays, strict=True)}
        yield frozenset({**matrices, **numbers}.items())


def unseen(formula: Any, instances: Sequence[Instance], scalars: frozenset[str] = frozenset()) -> str | None:
    """Say what instances do not see of an expression, or None if they see all of it.

    Scalars that the true expression contains count although one on trial does not.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> A, k = Matrix("A", "d", symmetric=True), Scalar("k")
    >>> def at(*pairs):
    ...     return [frozenset({("A", (size, size)), ("k", float(value))}) for size, value in pairs]
    >>> unseen(tr(A * A) / k, at((2, 7), (2, 5)))
    >>> unseen(tr(A * A) / k, at((2, 7)))
    'k must take 2 values, got 1'
    >>> cayley_hamilton = tr(A**3) - 3 * tr(A * A) * tr(A) / 2 + tr(A) ** 3 / 2
    >>> unseen(cayley_hamilton / k, at((2, 7), (2, 5)))
    'its 3 terms in A are not independent for sizes d = 2'
    """
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        return _unseen_of_engine(formula, frozenset(instances), scalars)
    return _unseen_of_sympy(sympy.S.Zero + formula, frozenset(instances), scalars)


def scalar_names(formula: Any) -> frozenset[str]:
    """Return the names of the scalars in an expression."""
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        return formula.scalar_names()
    return frozenset(symbol.name for symbol in (sympy.S.Zero + formula).free_symbols)


def random_arrays(symbols: Any, sizes: Mapping[str, int], rng: np.random.Generator, *batch: int) -> dict[str, Any]:
    """Draw a matrix for each plain symbol, bound by nothing but its shape and its symmetry."""
    found = {}
    for symbol in sorted(plain_symbols(symbols), key=lambda each: each.sort_key):
        rows, cols = (sizes[size] if isinstance(size, str) else size for size in (symbol.rows, symbol.cols))
        drawn = rng.standard_normal((*batch, rows, cols))
        if symbol.symmetric:
            drawn = (drawn + np.swapaxes(drawn, -1, -2)) / 2
        if symbol.diagonal:
            drawn = drawn * np.eye(rows)
        found[symbol.name] = drawn + 2 * np.sqrt(rows) * np.eye(rows) if symbol.invertible else drawn
    return found


@lru_cache(maxsize=1024)
def _unseen_of_engine(formula: Any, instances: frozenset[Instance], scalars: frozenset[str]) -> str | None:
    points = [_sizes_and_scalars(formula, instance) for instance in sorted(instances, key=repr)]
    names = tuple(sorted(formula.scalar_names() | scalars))
    powers, degrees = _powers_of_terms(formula, names)
    lacking = _lacking_values(names, degrees, points)
    if lacking:
        return lacking
    chosen = [i for i, name in enumerate(names) if not _drawn(name, points)]
    groups: dict[Any, list[int]] = defaultdict(list)
    for at, key in enumerate(formula.terms):
        groups[tuple(sorted(letter // 2 for letter in key_letters(key)))].append(at)
    by_shape: dict[Any, set[tuple[float, ...]]] = defaultdict(set)
    for point in points:
        by_shape[_shape_key(formula, point)].add(tuple(point[names[i]] for i in chosen))
    values = {shape: _products(formula, shape, max(map(len, groups.values())) + 4) for shape in by_shape}
    for letters, members in groups.items():
        columns = [(at, each) for at in members for each in sorted({tuple(p[i] for i in chosen) for p in powers[at]})]
        rows = []
        for shape, tried in by_shape.items():
            for at_values in tried:
                factors = [np.prod([x**p for x, p in zip(at_values, each, strict=True)]) for _, each in columns]
                rows.append(np.stack([values[shape][at] for at, _ in columns], axis=-1) * factors)
        if not _independent(np.concatenate(rows)):
            product_of = " ".join(dict.fromkeys(formula.table.symbols[letter].name for letter in letters))
            sizes = "; ".join(sorted({", ".join(f"{name} = {size}" for name, size in shape) for shape in by_shape}))
            count = len(columns)
            return f"its {count} terms in {product_of or 'scalars'} are not independent for sizes {sizes}"
    return None


def _sizes_and_scalars(formula: Any, instance: Instance) -> dict[str, float]:
    """Read dimensions off the shapes of matrices, and add them to the scalars."""
    found = {name: value for name, value in instance if not isinstance(value, tuple)}
    shapes = {name: value for name, value in instance if isinstance(value, tuple)}
    for symbol in plain_symbols(formula.symbols()):
        for size, got in zip((symbol.rows, symbol.cols), shapes.get(symbol.name, ()), strict=False):
            if isinstance(size, str):
                found[size] = float(got)
    return found


def _shape_key(formula: Any, point: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    symbols: frozenset[Symbol] = formula.symbols()
    sizes = {size for symbol in symbols for size in (symbol.rows, symbol.cols) if isinstance(size, str)}
    sizes |= {size for part in plain_symbols(symbols) for size in (part.rows, part.cols) if isinstance(size, str)}
    if isinstance(formula, MatrixPolynomial):
        sizes |= {size for size in formula.shape if isinstance(size, str)}
    return tuple((name, int(point[name])) for name in sorted(sizes))


def _powers_of_terms(formula: Any, names: tuple[str, ...]) -> tuple[list[set[Powers]], list[int]]:
    """List the powers of scalars in the numerator of each term over the common denominator, and the degrees."""
    ring = sympy.QQ[[sympy.Symbol(name) for name in names]].ring if names else None
    if ring is None:
        return [{()} for _ in formula.terms], []
    values = [value if isinstance(value, RationalFunction) else None for value in formula.terms.values()]
    common = ring.one
    for value in values:
        if value is not None:
            common = common.lcm(value.denominator.set_ring(ring))
    found = [
        set(
            (
                common
                if value is None
                else value.numerator.set_ring(ring) * common.quo(value.denominator.set_ring(ring))
            ).monoms()
        )
        for value in values
    ]
    degrees = [max(1, *(each[i] for powers in [*found, common.monoms()] for each in powers)) for i in range(len(names))]
    return found, degrees


def _products(formula: Any, shape: tuple[tuple[str, int], ...], draws: int) -> list[Any]:
    """Evaluate the products of each term at random matrices of a shape, one vector of values for each term."""
    sizes = dict(shape)
    arrays = random_arrays(formula.symbols(), sizes, np.random.default_rng(SEED), draws)
    if not arrays:
        return [np.ones(1) for _ in formula.terms]
    compiled = formula.compile()
    given = dict.fromkeys(needed_names(formula) - arrays.keys(), 1.0) | sizes | arrays
    order = {key: at for at, key in enumerate(formula.over(compiled.table))}
    found: list[Any] = [None] * len(order)
    for (traces, word, _), value in zip(compiled.terms, compiled.products(given), strict=True):
        key = (traces, word) if isinstance(formula, MatrixPolynomial) else traces
        found[order[key]] = np.broadcast_to(value, (draws, *value.shape[-2:])).ravel()
    return found


def _independent(matrix: Any) -> bool:
    """Tell whether the columns of a matrix are linearly independent."""
    norms = np.linalg.norm(matrix, axis=0)
    if not np.all(norms > 0) or len(matrix) < matrix.shape[1]:
        return False
    singular = np.linalg.svd(matrix / norms, compute_uv=False)
    return bool(singular[-1] > INDEPENDENT * singular[0])


def _lacking_values(names: Sequence[str], degrees: Sequence[int], points: Sequence[Mapping[str, float]]) -> str | None:
    for name, degree in zip(names, degrees, strict=True):
        got = len({point[name] for point in points if name in point})
        if got <= degree and (got == 0 or not _drawn(name, points)):
            return f"{name} must take {degree + 1} values, got {got}"
    return None


def _drawn(name: str, points: Sequence[Mapping[str, float]]) -> bool:
    """Tell a scalar with a value that nobody chose."""
    return any(point[name] != round(point[name], DIGITS) for point in points if name in point)


@lru_cache(maxsize=1024)
def _unseen_of_sympy(formula: sympy.Expr, instances: frozenset[Instance], scalars: frozenset[str]) -> str | None:
    points = [dict(instance) for instance in instances]
    names = sorted({symbol.name for symbol in formula.free_symbols} | scalars)
    chosen = [name for name in names if not _drawn(name, points)]
    top, bottom = sympy.fraction(sympy.together(formula))
    if not chosen:
        return None if points else "it is nowhere evaluated"
    symbols = [sympy.Symbol(name) for name in chosen]
    plain = {symbol: sympy.Symbol(symbol.name) for symbol in formula.free_symbols}
    try:
        top, bottom = (sympy.Poly(each.xreplace(plain), *symbols) for each in (top, bottom))
    except sympy.PolynomialError:
        degrees = [2] * len(chosen)  # no polynomial: three values tell a straight line from anything else
        return _lacking_values(chosen, degrees, points)
    degrees = [max(1, top.degree(i), bottom.degree(i)) for i in range(len(symbols))]
    lacking = _lacking_values(chosen, degrees, points)
    if lacking:
        return lacking
    terms = top.monoms()
    at = {tuple(point[name] for name in chosen) for point in points}
    matrix = np.array([[np.prod([x**p for x, p in zip(point, each, strict=True)]) for each in terms] for point in at])
    if _independent(matrix):
        return None
    return f"its {len(terms)} products of {', '.join(chosen)} are not independent at {len(at)} instances"


def _shape(matrix: Any) -> tuple[int, int]:
    """Return the shape of a matrix of SymPy, of rows, or of an array with batch axes in front."""
    return tuple(matrix.shape[-2:]) if hasattr(matrix, "shape") else (len(matrix), len(matrix[0]))
