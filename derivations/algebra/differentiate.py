"""Derivatives: along directions (or a flow) for any polynomial, gradients for trace polynomials."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.construct import Matrix, matrix_of
from derivations.algebra.elementwise import diagonal
from derivations.algebra.expression import add_term
from derivations.algebra.matrix_polynomial import MatrixPolynomial, describe, tr
from derivations.algebra.pullback import pullback
from derivations.algebra.reduction import Monomial
from derivations.algebra.spelled import product_of, spelled_shape, unit
from derivations.algebra.symbols import Spelled, Symbol, table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.algebra.words import Word
from derivations.errors import ShapeError, SymbolError

Directions = Mapping[Matrix, MatrixPolynomial]
Velocities = Mapping[Symbol, MatrixPolynomial]
Polynomial = TypeVar("Polynomial", TracePolynomial, MatrixPolynomial)


def gradient(function: TracePolynomial, variable: Matrix) -> MatrixPolynomial:
    """Differentiate a trace polynomial with respect to a matrix symbol.

    The gradient ``G`` has the shape of the variable and ``d f = tr(G^T dX)`` for every admissible change ``dX``: any
    matrix, a symmetric or a diagonal one according to the symbol; ``G`` lies in the same space.

    Parameters
    ----------
    function : TracePolynomial
        The function.
    variable : Matrix
        The symbol.

    Returns
    -------
    MatrixPolynomial
        The gradient.

    Raises
    ------
    SymbolError
        If the variable is not a plain matrix symbol.

    Examples
    --------
    >>> from derivations.algebra import Matrix, tr
    >>> A, S = Matrix("A", "d", "k"), Matrix("S", "d", "d", symmetric=True)
    >>> print(gradient(tr(A.T * S * A), A))
    2 S A
    """
    symbol = plain_symbol(variable)
    total = MatrixPolynomial(table_of(), {}, symbol.rows, symbol.cols)
    for rest, word in _single_traces(function):
        spelled = function.table.spell(word)
        total = total + rest * pullback(spelled, unit(spelled_shape(spelled, 1)[0]), symbol)
    if symbol.diagonal:
        return total.hadamard(unit(symbol.rows))
    return (total + total.T) / 2 if symbol.symmetric else total


def _single_traces(function: TracePolynomial) -> list[tuple[TracePolynomial, Word]]:
    """Group the differential by the trace that is varied: the factor in front of each trace word."""
    factors: dict[Word, dict[Monomial, Coefficient]] = {}
    for monomial, value in function.terms.items():
        for i, word in enumerate(monomial):
            add_term(factors.setdefault(word, {}), monomial[:i] + monomial[i + 1 :], value)
    return [(TracePolynomial(function.table, terms), word) for word, terms in factors.items()]


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

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> A, H = Matrix("A", "d", "d"), Matrix("H", "d", "d")
    >>> print(directional_derivative(A * A, {A: H}))
    A H + H A
    """
    velocities = check_directions(directions)
    if isinstance(function, TracePolynomial):
        total = TracePolynomial(table_of(), {})
        for rest, word in _single_traces(function):
            moved = _word_derivative(function.table.spell(word), velocities)
            total = total if moved is None else total + rest * tr(moved)
        return total
    result = MatrixPolynomial(table_of(), {}, *function.shape)
    for (monomial, word), value in function.terms.items():
        traces = TracePolynomial(function.table, {monomial: value})
        moved = _word_derivative(function.table.spell(word), velocities)
        if moved is not None:
            result = result + traces * moved
        change = directional_derivative(traces, directions)
        if change:
            result = result + change * MatrixPolynomial(function.table, {((), word): 1}, *function.shape)
    return result


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
    """
    return directional_derivative(function, right_hand_sides)


def second_derivative(
    function: TracePolynomial, first: Directions, second: Directions | None = None
) -> TracePolynomial:
    """Differentiate twice in fixed directions.

    Parameters
    ----------
    function : TracePolynomial
        What is differentiated.
    first, second : mapping from Matrix to MatrixPolynomial
        Directions, held fixed even where they contain the symbols themselves; the second is the first by default.

    Returns
    -------
    TracePolynomial
        The second derivative.
    """
    fixed: dict[Matrix, MatrixPolynomial] = {}
    placeholders: dict[Matrix, MatrixPolynomial] = {}
    for variable, direction in first.items():
        placeholder = Matrix(f"direction[{variable.symbol.name}]", *variable.shape)
        fixed[variable], placeholders[placeholder] = placeholder, direction
    check_directions(first)
    twice = directional_derivative(directional_derivative(function, fixed), first if second is None else second)
    return twice.subs(placeholders)


def flow(loss: TracePolynomial, weights: Sequence[Matrix]) -> tuple[MatrixPolynomial, ...]:
    """Return the gradient flow of a loss: the time derivative of each weight is minus its gradient.

    Parameters
    ----------
    loss : TracePolynomial
        The loss.
    weights : sequence of Matrix
        The symbols that move.

    Returns
    -------
    tuple of MatrixPolynomial
        Right-hand side for each weight, in their order.

    Examples
    --------
    >>> from derivations.algebra import Matrix, tr
    >>> a, w = Matrix("a", 1, 1), Matrix("w", 1, 1)
    >>> a_dot, w_dot = flow(tr(a * w * w.T * a.T) / 2, (a, w))
    >>> print(tr(a_dot))
    -a w²
    """
    return tuple(-gradient(loss, weight) for weight in weights)


def plain_symbol(variable: Matrix) -> Symbol:
    """Return the symbol of a variable.

    Parameters
    ----------
    variable : Matrix
        A matrix symbol.

    Returns
    -------
    Symbol
        Its symbol.

    Raises
    ------
    SymbolError
        If the variable is an expression, or an inverse.
    """
    if not isinstance(variable, Matrix) or variable.symbol.kind != "plain":
        raise SymbolError(f"only a matrix symbol can vary, got {variable}")
    return variable.symbol


def check_directions(directions: Directions) -> dict[Symbol, MatrixPolynomial]:
    """Check that each direction fits its symbol.

    Parameters
    ----------
    directions : mapping from Matrix to MatrixPolynomial
        Velocity of each symbol.

    Returns
    -------
    dict
        The same by symbol.

    Raises
    ------
    ShapeError
        If a shape differs.
    """
    for variable, direction in directions.items():
        plain_symbol(variable)
        if direction.shape != variable.shape:
            raise ShapeError(f"{describe(variable)} must move in its own shape, got {describe(direction)}")
    return {variable.symbol: direction for variable, direction in directions.items()}


def _word_derivative(word: Spelled, velocities: Velocities) -> MatrixPolynomial | None:
    """Move one letter after the other; None where no letter moves."""
    total: MatrixPolynomial | None = None
    for i, (symbol, transposed) in enumerate(word):
        change = _symbol_derivative(symbol, velocities)
        if change is not None:
            change = change.T if transposed else change
            term = product_of(word[:i], change.rows) * change * product_of(word[i + 1 :], change.cols)
            total = term if total is None else total + term
    return total


def _symbol_derivative(symbol: Symbol, velocities: Velocities) -> MatrixPolynomial | None:
    if symbol in velocities:
        return velocities[symbol]
    if not symbol.parts:
        return None
    changes = [_word_derivative(part, velocities) for part in symbol.parts]
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
