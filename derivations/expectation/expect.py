"""The expectation of a trace polynomial or matrix polynomial over independent random matrices."""

from collections.abc import Iterable, Sequence
from typing import overload

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.expression import Expression, add_terms
from derivations.algebra.reduction import Monomial
from derivations.algebra.spelled import depends_on
from derivations.algebra.symbols import Dimension, Symbol, merge_tables, table_of
from derivations.algebra.trace_polynomial import as_scalar
from derivations.errors import SymbolError
from derivations.expectation.averages import Average, Terms, gram_segments
from derivations.expectation.counting import DEFAULT_LIMIT
from derivations.expectation.errors import ExpectationError
from derivations.expectation.graph_average import average_by_graph, needs_graph
from derivations.expectation.laws import GaussianMatrix, RandomMatrix, Signs, Wishart, law_symbols
from derivations.expectation.open_words import close_words, open_words
from derivations.expectation.signs import average_signs, signs_stand_apart

Shape = tuple[Dimension, Dimension]
LAWS = "GaussianMatrix, Haar, InverseWishart, Signs, Wishart"


@overload
def expect(
    expression: MatrixPolynomial, over: RandomMatrix | Iterable[RandomMatrix], *, max_terms: int = DEFAULT_LIMIT
) -> MatrixPolynomial: ...


@overload
def expect(
    expression: TracePolynomial | int, over: RandomMatrix | Iterable[RandomMatrix], *, max_terms: int = DEFAULT_LIMIT
) -> TracePolynomial: ...


def expect(
    expression: MatrixPolynomial | TracePolynomial | int,
    over: RandomMatrix | Iterable[RandomMatrix],
    *,
    max_terms: int = DEFAULT_LIMIT,
) -> MatrixPolynomial | TracePolynomial:
    """Take the exact expectation over independent random matrices.

    Parameters
    ----------
    expression : TracePolynomial or MatrixPolynomial
        What to average; products of traces and words with other, deterministic matrices are allowed.
    over : random matrix or iterable of them
        `GaussianMatrix`, `Wishart`, `InverseWishart`, `Haar` or `Signs`, mutually independent; they may stand inside
        elementwise products and diagonals, where the number of pairings counts as terms. A random matrix may stand in
        the covariance or mean of another; the law of the latter is then conditional on it.
    max_terms : int
        The largest number of terms to allow.

    Returns
    -------
    TracePolynomial or MatrixPolynomial
        The expectation, canonical and collected, as a polynomial in the dimensions.

    Raises
    ------
    SymbolError
        If ``over`` lists something that is not a random matrix, or one name twice.
    TermLimitError
        If more terms are needed than allowed; the message says how many.
    ExpectationError
        If the expectation is no trace polynomial.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> S, A = Matrix("S", "d", symmetric=True), Matrix("A", "d")
    >>> W = Wishart("W", dof=Scalar("n"), covariance=S)
    >>> print(expect(tr(W * A * W * A.T), over=[W]))
    n tr((A S)²) + n² tr(A S Aᵀ S) + n tr(A S)²
    """
    laws = _laws(over)
    if isinstance(expression, MatrixPolynomial):
        shape = expression.rows, expression.cols
        return open_words(_expect_traces(close_words(expression), laws, max_terms, shape), *shape)
    scalar = as_scalar(expression)
    if scalar is None:
        raise ExpectationError(f"the expression must be a matrix or trace polynomial, got {type(expression).__name__}")
    return _expect_traces(scalar, laws, max_terms)


def as_list(over: RandomMatrix | Iterable[RandomMatrix]) -> list[RandomMatrix]:
    """Read one random matrix or several."""
    if isinstance(over, RandomMatrix):
        return [over]
    if isinstance(over, MatrixPolynomial) or not isinstance(over, Iterable):
        raise SymbolError(f"over must list random matrices ({LAWS}), got {over}")
    return list(over)


def _laws(over: RandomMatrix | Iterable[RandomMatrix]) -> list[RandomMatrix]:
    laws = as_list(over)
    for law in laws:
        if not isinstance(law, RandomMatrix):
            raise SymbolError(f"over must list random matrices ({LAWS}), got {law}")
    names = [law.symbol.name for law in laws]
    for name in names:
        if names.count(name) > 1:
            raise SymbolError(f"over must list each random matrix once, got {name} {names.count(name)} times")
    return laws


def _expect_traces(
    expression: TracePolynomial, laws: Sequence[RandomMatrix], limit: int, shape: Shape | None = None
) -> TracePolynomial:
    """Average over one law after the other; with a shape, the traces stand for a matrix that was closed."""
    remaining = list(laws)
    while remaining:
        law = _next_law(expression, remaining)
        remaining.remove(law)
        _refuse_strangers(law.symbol, expression)
        if needs_graph(expression, law):
            expression = _by_graph(law, expression, limit, shape)
        elif law.symbol in expression.table.index:
            expression = _by_words(law, expression, limit, shape)
    return expression


def _by_graph(law: RandomMatrix, expression: TracePolynomial, limit: int, shape: Shape | None) -> TracePolynomial:
    if shape is None:
        return average_by_graph(expression, law, limit)
    return close_words(average_by_graph(open_words(expression, *shape), law, limit))


def _next_law(expression: TracePolynomial, laws: Sequence[RandomMatrix]) -> RandomMatrix:
    """Choose what to integrate out first: nothing another law depends on, signs last, and Gram matrices first."""

    def rank(law: RandomMatrix) -> tuple[bool, bool, bool]:
        needed = any(law.symbol in _dependencies(other) for other in laws if other is not law)
        return needed, isinstance(law, Signs), isinstance(law, GaussianMatrix) and not _is_gram(law, expression)

    best = min(laws, key=rank)
    if rank(best)[0]:
        raise SymbolError(f"the laws must not depend on each other in a circle, got {best.symbol.name} in one")
    return best


def _dependencies(law: RandomMatrix) -> frozenset[Symbol]:
    mean = law.mean if isinstance(law, GaussianMatrix) else None
    return frozenset(law_symbols(law).symbols) | (frozenset() if mean is None else mean.symbols())


def _is_gram(law: GaussianMatrix, expression: TracePolynomial) -> bool:
    """Tell whether a Gaussian matrix occurs in Gram matrices only."""
    if law.symbol not in expression.table.index:
        return True
    average = Average(expression.table, expression.table, expression.table.letter(law.symbol), 0)
    for inner in average.marks:
        if all(gram_segments(average.split(monomial)[0], inner) is not None for monomial in expression.terms):
            return True
    return False


def _by_words(law: RandomMatrix, expression: TracePolynomial, limit: int, shape: Shape | None) -> TracePolynomial:
    if isinstance(law, Signs) and any(
        signs_stand_apart(monomial, law, expression.table) for monomial in expression.terms
    ):
        return _by_graph(law, expression, limit, shape)
    if isinstance(law, GaussianMatrix) and law.mean is not None:
        expression = expression.subs({law: law + law.mean})
    others = [symbol for symbol in expression.table.symbols if symbol != law.symbol]
    target = merge_tables(table_of(*others), law_symbols(law))[0]
    average = Average(expression.table, target, expression.table.letter(law.symbol), limit)
    terms: Terms = {}
    for monomial, value in expression.terms.items():
        moment = _average_monomial(monomial, law, average)
        if terms or value != 1:
            add_terms(terms, moment, value)
        else:
            terms = moment
    return TracePolynomial(target, terms)


def _average_monomial(monomial: Monomial, law: RandomMatrix, average: Average) -> Terms:
    if average.marks.isdisjoint(letter for word in monomial for letter in word):
        return {average.split(monomial)[1]: 1}
    if isinstance(law, Wishart):
        return average.wishart(monomial, law)
    if isinstance(law, GaussianMatrix):
        return average.gaussian(monomial, law)
    if isinstance(law, Signs):
        return average_signs(monomial, law, average)
    raise ExpectationError(f"averages over {law.symbol.name} are taken by its index graph")


def _refuse_strangers(random: Symbol, expression: Expression[Monomial]) -> None:
    """Symbols that contain the random matrix, or share its name, must not pass as constants."""
    for symbol in expression.symbols():
        if symbol.kind == "inverse" and depends_on(symbol, random):
            raise ExpectationError(
                f"the expectation over {random.name} must be of a polynomial in {random.name}, got {symbol.name}; "
                "inverse Wishart matrices have a law of their own, InverseWishart"
            )
        if symbol.name == random.name and symbol != random:
            raise SymbolError(
                f"{random.name} must be the random matrix of that name, got another matrix "
                f"({symbol.rows} x {symbol.cols})"
            )
