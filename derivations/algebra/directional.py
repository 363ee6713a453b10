"""Derivatives of polynomials while their symbols move: along given directions, or along a flow."""

from collections.abc import Mapping
from typing import TypeVar

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.construct import Matrix, matrix_of
from derivations.algebra.elementwise import diagonal
from derivations.algebra.expression import add_term, add_terms
from derivations.algebra.matrix_polynomial import MatrixPolynomial, describe
from derivations.algebra.products import MatrixTerms, multiply_terms, trace_of_product
from derivations.algebra.reduction import Monomial
from derivations.algebra.spelled import product_of
from derivations.algebra.symbols import Spelled, Symbol, SymbolTable, table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.algebra.words import Word
from derivations.errors import ShapeError, SymbolError

Directions = Mapping[Matrix, MatrixPolynomial]
Velocities = Mapping[Symbol, MatrixPolynomial]
Polynomial = TypeVar("Polynomial", TracePolynomial, MatrixPolynomial)


def directional_derivative(function: Polynomial, directions: Directions) -> Polynomial:
    """Differentiate a polynomial while its symbols move in given directions.

    Parameters
    ----------
    function : TracePolynomial or MatrixPolynomial
        What is differentiated.
    directions : mapping from Matrix to MatrixPolynomial
        The velocity of each symbol that moves.

    Returns
    -------
    TracePolynomial or MatrixPolynomial
        The derivative, of the type and shape of the function.

    Raises
    ------
    ShapeError
        If a direction does not have the shape of its symbol.
    SymbolError
        If what moves is not a symbol, or a symmetric symbol would not stay symmetric.

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> A, H = Matrix("A", "d", "d"), Matrix("H", "d", "d")
    >>> print(directional_derivative(A * A, {A: H}))
    A H + H A
    """
    velocities: dict[Symbol, MatrixPolynomial] = check_directions(directions)
    changes = {symbol: _symbol_derivative(symbol, velocities) for symbol in function.symbols()}
    moving = {symbol: change for symbol, change in changes.items() if change is not None}
    table = table_of(
        *function.table.symbols, *(symbol for change in moving.values() for symbol in change.table.symbols)
    )
    motion = _Motion(table, moving)
    if isinstance(function, TracePolynomial):
        traces: dict[Monomial, Coefficient] = {}
        for monomial, value in function.over(table).items():
            add_terms(traces, motion.monomial(monomial), value)
        return TracePolynomial(table, traces)
    terms: MatrixTerms = {}
    for (monomial, word), value in function.over(table).items():
        for other, factor in motion.monomial(monomial).items():
            add_term(terms, (other, word), factor * value)
        add_terms(terms, motion.word(monomial, word), value)
    return MatrixPolynomial(table, terms, *function.shape)


def time_derivative(function: Polynomial, right_hand_sides: Directions) -> Polynomial:
    """Differentiate a polynomial of the weights along a flow.

    Parameters
    ----------
    function : TracePolynomial or MatrixPolynomial
        A polynomial of the weights.
    right_hand_sides : mapping from Matrix to MatrixPolynomial
        The flow: the time derivative of each symbol that moves.

    Returns
    -------
    TracePolynomial or MatrixPolynomial
        The time derivative.

    Raises
    ------
    ShapeError
        If a right-hand side does not have the shape of its symbol.
    """
    return directional_derivative(function, right_hand_sides)


def plain_symbol(variable: Matrix) -> Symbol:
    """Return the symbol of a variable."""
    if not isinstance(variable, Matrix) or variable.symbol.kind != "plain":
        raise SymbolError(f"only a matrix symbol can vary, got {variable}")
    return variable.symbol


def check_directions(directions: Directions) -> dict[Symbol, MatrixPolynomial]:
    """Check that each direction fits its symbol."""
    given: object = directions
    if not isinstance(given, Mapping):
        raise SymbolError(f"directions must map symbols to matrices, as {{A: H}} does, got {type(given).__name__}")
    for variable, direction in directions.items():
        symbol = plain_symbol(variable)
        if not isinstance(direction, MatrixPolynomial):
            raise ShapeError(f"{describe(variable)} must move in its own shape, got {type(direction).__name__}")
        if direction.shape != variable.shape:
            raise ShapeError(f"{describe(variable)} must move in its own shape, got {describe(direction)}")
        if symbol.symmetric and direction != direction.T:
            raise SymbolError(f"{symbol.name} is symmetric and must move by a symmetric matrix, got {direction}")
    return {variable.symbol: direction for variable, direction in directions.items()}


class _Motion:
    """Velocities of letters over one table, and derivatives of traces computed once each.

    Parameters
    ----------
    table : SymbolTable
        All symbols involved.
    moving : mapping from Symbol to MatrixPolynomial
        Derivative of each symbol that changes, composites included.
    """

    def __init__(self, table: SymbolTable, moving: Velocities) -> None:
        self.table = table
        self.letters: dict[int, MatrixTerms] = {}
        for symbol, change in moving.items():
            self.letters[table.letter(symbol)] = change.over(table)
            self.letters[table.letter(symbol, transposed=True)] = change.T.over(table)
        self.traces: dict[Word, dict[Monomial, Coefficient]] = {}

    def trace(self, word: Word) -> dict[Monomial, Coefficient]:
        """Move one letter of a trace after the other."""
        if word not in self.traces:
            terms: dict[Monomial, Coefficient] = {}
            for i, letter in enumerate(word):
                if letter in self.letters:
                    rest: MatrixTerms = {((), word[i + 1 :] + word[:i]): 1}
                    size = self.table.rows[letter]
                    add_terms(terms, trace_of_product(self.letters[letter], rest, size, self.table))
            self.traces[word] = terms
        return self.traces[word]

    def monomial(self, monomial: Monomial) -> dict[Monomial, Coefficient]:
        """Move one trace of a product after the other."""
        terms: dict[Monomial, Coefficient] = {}
        for i, word in enumerate(monomial):
            rest = monomial[:i] + monomial[i + 1 :]
            for traces, value in self.trace(word).items():
                add_term(terms, tuple(sorted(rest + traces)), value)
        return terms

    def word(self, monomial: Monomial, word: Word) -> MatrixTerms:
        """Move one letter of an open word after the other, with traces in front that stay."""
        terms: MatrixTerms = {}
        for i, letter in enumerate(word):
            if letter in self.letters:
                left = multiply_terms({(monomial, word[:i]): 1}, self.letters[letter], self.table)
                add_terms(terms, multiply_terms(left, {((), word[i + 1 :]): 1}, self.table))
        return terms


def _symbol_derivative(symbol: Symbol, velocities: Velocities) -> MatrixPolynomial | None:
    """Return how a symbol changes; None where it does not."""
    if symbol in velocities:
        return velocities[symbol]
    changes = [_spelled_derivative(part, velocities) for part in symbol.parts]
    if all(change is None for change in changes):
        return None
    if symbol.kind == "inverse":
        return -(matrix_of(symbol) * velocities[symbol.parts[0][0][0]] * matrix_of(symbol))
    if symbol.kind == "diagonal" and changes[0] is not None:
        return diagonal(changes[0])
    total = MatrixPolynomial(table_of(), {}, symbol.rows, symbol.cols)
    for i, change in enumerate(changes):
        for other in symbol.parts[:i] + symbol.parts[i + 1 :]:
            change = change and change.hadamard(product_of(other, symbol.rows))
        total = total + change if change else total
    return total


def _spelled_derivative(word: Spelled, velocities: Velocities) -> MatrixPolynomial | None:
    """Return how a product inside a composite symbol changes; None where it does not."""
    total: MatrixPolynomial | None = None
    for i, (symbol, transposed) in enumerate(word):
        change = _symbol_derivative(symbol, velocities)
        if change is not None:
            change = change.T if transposed else change
            term = product_of(word[:i], change.rows) * change * product_of(word[i + 1 :], change.cols)
            total = term if total is None else total + term
    return total
