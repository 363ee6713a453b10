"""Elementwise products and diagonal matrices of vectors, as composite symbols in a unique form.

``A o (r s^T) = diag(r) A diag(s)`` is applied wherever a factor is an outer product, so that for example
``diag(r) K diag(r)`` and ``K o (r r^T)`` are equal as expressions. One identity is used only inside elementwise
products: ``diag(u) v = diag(v) u`` for two vectors, multiplied out by hand, are different expressions.
"""

from itertools import groupby

from derivations.algebra.construct import matrix_of
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.spelled import product_of, unit
from derivations.algebra.symbols import Dimension, Spelled, Symbol, table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.errors import ShapeError


def hadamard(left: MatrixPolynomial, right: MatrixPolynomial) -> MatrixPolynomial:
    """Multiply two matrix polynomials entry by entry.

    Parameters
    ----------
    left, right : MatrixPolynomial
        Matrices of one shape.

    Returns
    -------
    MatrixPolynomial
        The elementwise product, linear in each factor.

    Examples
    --------
    >>> from derivations.algebra import Matrix, diagonal
    >>> K, r = Matrix("K", "n", symmetric=True), Matrix("r", "n", 1)
    >>> K.hadamard(r * r.T) == diagonal(r) * K * diagonal(r)
    True
    """
    total = MatrixPolynomial(table_of(), {}, *left.shape)
    for (monomial, word), a in left.terms.items():
        for (other_monomial, other_word), b in right.terms.items():
            factor = TracePolynomial(left.table, {monomial: a}) * TracePolynomial(right.table, {other_monomial: b})
            product = _of_words(left.table.spell(word), right.table.spell(other_word), left.shape)
            total = total + factor * product
    return total


def diagonal(vector: MatrixPolynomial) -> MatrixPolynomial:
    """Return the diagonal matrix of a vector.

    Parameters
    ----------
    vector : MatrixPolynomial
        A matrix with one column.

    Returns
    -------
    MatrixPolynomial
        The matrix with the vector on its diagonal.

    Raises
    ------
    ShapeError
        If there is more than one column.
    """
    if vector.cols != 1:
        raise ShapeError(f"a diagonal needs one column, got shape {vector.rows} x {vector.cols}")
    total = MatrixPolynomial(table_of(), {}, vector.rows, vector.rows)
    for (monomial, word), value in vector.terms.items():
        factor = TracePolynomial(vector.table, {monomial: value})
        total = total + factor * _diagonal_of_word(vector.table.spell(word), vector.rows)
    return total


def _diagonal_of_word(word: Spelled, size: Dimension) -> MatrixPolynomial:
    if not word or (len(word) == 1 and word[0][0].kind == "ones"):
        return unit(size)
    name = "diag(" + _name(word) + ")"
    return matrix_of(Symbol(name, size, size, symmetric=True, diagonal=True, kind="diagonal", parts=(word,)))


def _of_words(left: Spelled, right: Spelled, shape: tuple[Dimension, Dimension]) -> MatrixPolynomial:
    """Multiply two words: diagonal factors leave to both sides, outer products become diagonal factors."""
    fronts: list[Spelled] = []
    backs: list[Spelled] = []
    columns: list[Spelled] = []
    rows: list[Spelled] = []
    cores: list[Spelled] = []
    for front, core, back in (_strip(left), _strip(right)):
        fronts.append(front)
        backs.append(back)
        cut = _cut(core, shape)
        if cut is None:
            cores += _factors(core)
        else:
            columns.append(core[:cut])
            rows.append(_transposed(core[cut:]))
    if cores:
        middle = _composite(cores, shape)
        before, after = _diagonals([*fronts, *columns], shape[0]), _diagonals([*backs, *rows], shape[1])
        return before * middle * after
    return _vector([*fronts, *columns], shape[0]) * _vector([*backs, *rows], shape[1]).T


def _strip(word: Spelled) -> tuple[Spelled, Spelled, Spelled]:
    """Split a word into the diagonal letters in front, the rest, and the diagonal letters behind."""
    start, end = 0, len(word)
    while start < end and word[start][0].diagonal and word[start][0].kind != "hadamard":
        start += 1
    while end > start and word[end - 1][0].diagonal and word[end - 1][0].kind != "hadamard":
        end -= 1
    return word[:start], word[start:end], word[end:]


def _factors(core: Spelled) -> list[Spelled]:
    """Return the factors of an elementwise product, or the word itself."""
    if len(core) != 1 or core[0][0].kind != "hadamard":
        return [core]
    symbol, transposed = core[0]
    return [_transposed(part) if transposed else part for part in symbol.parts]


def _diagonals(words: list[Spelled], size: Dimension) -> MatrixPolynomial:
    """Multiply diagonal words, and diagonal matrices of vector words."""
    result = unit(size)
    for word in words:
        is_diagonal = all(symbol.diagonal for symbol, _ in word)
        result = result * (product_of(word, size) if is_diagonal else _diagonal_of_word(word, size))
    return result


def _vector(words: list[Spelled], size: Dimension) -> MatrixPolynomial:
    """Multiply vectors elementwise; diagonal matrices of vectors in front of them are factors like any other."""
    factors: list[Spelled] = []
    plain: list[Spelled] = []
    for word in words:
        if not all(symbol.diagonal for symbol, _ in word):
            factors.append(word)
            continue
        for letter in word:
            (factors if letter[0].kind == "diagonal" else plain).append(
                letter[0].parts[0] if letter[0].kind == "diagonal" else (letter,)
            )
    if size == 1:
        return unit(1)
    factors.sort(key=_spelled_key)
    others = [word for word in factors if word[0][0].kind != "ones"] or factors[:1]
    return _diagonals([*plain, *others[:-1]], size) * product_of(others[-1], size)


def _composite(cores: list[Spelled], shape: tuple[Dimension, Dimension]) -> MatrixPolynomial:
    here = _sorted([core for core in cores if core])
    if len(here) < len(cores):
        # I o I = I, and a matrix has the diagonal of its transpose.
        here = [(), *_sorted([min(core, _transposed(core), key=_spelled_key) for core in here])]
    if len(here) == 1:
        return product_of(here[0], shape[0])
    there = _sorted([_transposed(core) for core in here])
    transposed = [_spelled_key(core) for core in there] < [_spelled_key(core) for core in here]
    parts, (rows, cols) = (there, (shape[1], shape[0])) if transposed else (here, shape)
    symbol = Symbol(
        "(" + " ∘ ".join(_name(part) for part in parts) + ")",
        rows,
        cols,
        symmetric=here == there or not here[0],
        diagonal=not here[0],
        kind="hadamard",
        parts=tuple(parts),
    )
    matrix = matrix_of(symbol)
    return matrix.T if transposed else matrix


def _sorted(words: list[Spelled]) -> list[Spelled]:
    return sorted(words, key=_spelled_key)


def _cut(word: Spelled, shape: tuple[Dimension, Dimension]) -> int | None:
    """Find where a reduced word passes through dimension 1, if it does."""
    for i, (symbol, transposed) in enumerate(word):
        if (symbol.cols if transposed else symbol.rows) == 1:
            return i
    return len(word) if shape[1] == 1 else None


def _transposed(word: Spelled) -> Spelled:
    """Transpose a reduced word; runs of diagonal letters are sorted again."""
    letters = [(symbol, not transposed and not symbol.symmetric) for symbol, transposed in reversed(word)]
    runs = groupby(letters, key=lambda letter: letter[0].diagonal)
    return tuple(
        letter
        for is_diagonal, run in runs
        for letter in (sorted(run, key=lambda letter: letter[0].sort_key) if is_diagonal else run)
    )


def _spelled_key(word: Spelled) -> tuple[tuple[tuple[str, ...], bool], ...]:
    return tuple((symbol.sort_key, transposed) for symbol, transposed in word)


def _name(word: Spelled) -> str:
    return " ".join(symbol.name + "ᵀ" * transposed for symbol, transposed in word) or "I"
