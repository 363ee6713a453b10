"""Elementwise products and diagonal matrices of vectors, as composite symbols in a unique form.

``A o (r s^T) = diag(r) A diag(s)`` is applied wherever a factor is an outer product, so that for example
``diag(r) K diag(r)`` and ``K o (r r^T)`` are equal as expressions.
"""

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
    """Multiply two words; outer products act as diagonal matrices, the lesser of two on the other."""
    if _spelled_key(left) > _spelled_key(right):
        left, right = right, left
    for outer, other in ((left, right), (right, left)):
        cut = _cut(outer, shape)
        if cut is not None:
            rows = _diagonal_of_word(outer[:cut], shape[0])
            cols = _diagonal_of_word(_transposed(outer[cut:]), shape[1])
            return rows * product_of(other, shape[0]) * cols
    for identity, other in ((left, right), (right, left)):
        if not identity and all(symbol.diagonal for symbol, _ in other):
            return product_of(other, shape[0])
    return _composite(left, right, shape)


def _composite(left: Spelled, right: Spelled, shape: tuple[Dimension, Dimension]) -> MatrixPolynomial:
    here = _sorted_pair(left, right)
    there = _sorted_pair(_transposed(left), _transposed(right))
    transposed = tuple(map(_spelled_key, there)) < tuple(map(_spelled_key, here))
    pair, (rows, cols) = (there, (shape[1], shape[0])) if transposed else (here, shape)
    is_diagonal = not left or not right
    symbol = Symbol(
        f"({_name(pair[0])} ∘ {_name(pair[1])})",
        rows,
        cols,
        symmetric=here == there or is_diagonal,
        diagonal=is_diagonal,
        kind="hadamard",
        parts=pair,
    )
    matrix = matrix_of(symbol)
    return matrix.T if transposed else matrix


def _cut(word: Spelled, shape: tuple[Dimension, Dimension]) -> int | None:
    """Find where a reduced word passes through dimension 1, if it does."""
    for i, (symbol, transposed) in enumerate(word):
        if (symbol.cols if transposed else symbol.rows) == 1:
            return i
    return len(word) if shape[1] == 1 else None


def _transposed(word: Spelled) -> Spelled:
    return tuple((symbol, not transposed and not symbol.symmetric) for symbol, transposed in reversed(word))


def _sorted_pair(left: Spelled, right: Spelled) -> tuple[Spelled, Spelled]:
    return (right, left) if _spelled_key(right) < _spelled_key(left) else (left, right)


def _spelled_key(word: Spelled) -> tuple[tuple[tuple[str, ...], bool], ...]:
    return tuple((symbol.sort_key, transposed) for symbol, transposed in word)


def _name(word: Spelled) -> str:
    return " ".join(symbol.name + "ᵀ" * transposed for symbol, transposed in word) or "I"
