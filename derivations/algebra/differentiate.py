"""Gradients of trace polynomials, the flow they define, and second derivatives."""

from collections.abc import Sequence

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.construct import Matrix
from derivations.algebra.directional import Directions, check_directions, directional_derivative, plain_symbol
from derivations.algebra.expression import add_term, add_up
from derivations.algebra.matrix_polynomial import MatrixPolynomial, describe
from derivations.algebra.pullback import pullback
from derivations.algebra.reduction import Monomial
from derivations.algebra.spelled import spelled_shape, unit
from derivations.algebra.symbols import table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.algebra.words import Word
from derivations.errors import DerivationError


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
    DerivationError
        If the function is a matrix.

    Examples
    --------
    >>> from derivations.algebra import Matrix, tr
    >>> A, S = Matrix("A", "d", "k"), Matrix("S", "d", "d", symmetric=True)
    >>> print(gradient(tr(A.T * S * A), A))
    2 S A
    """
    given: object = function
    if isinstance(given, MatrixPolynomial):
        raise DerivationError(
            "the derivative of a matrix by a matrix is not supported: it has four indices; take a trace of it, or its "
            f"directional_derivative, got {describe(given)}"
        )
    if not isinstance(given, TracePolynomial):
        raise DerivationError(f"only a polynomial of traces has a gradient, got {type(given).__name__}")
    symbol = plain_symbol(variable)
    pieces: list[MatrixPolynomial] = []
    for rest, word in _single_traces(function):
        spelled = function.table.spell(word)
        pieces.append(rest * pullback(spelled, unit(spelled_shape(spelled, 1)[0]), symbol))
    total = add_up(MatrixPolynomial(table_of(), {}, symbol.rows, symbol.cols), pieces)
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
    check_directions(first)
    fixed: dict[Matrix, MatrixPolynomial] = {}
    placeholders: dict[Matrix, MatrixPolynomial] = {}
    for variable, direction in first.items():
        placeholder = Matrix(f"direction[{variable.symbol.name}]", *variable.shape)
        fixed[variable], placeholders[placeholder] = placeholder, direction
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
