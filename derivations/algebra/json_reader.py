"""Read expressions from JSON: every field is checked, and the expression is built anew from its symbols."""

import json
import re
from fractions import Fraction
from functools import reduce
from typing import Any

from derivations.algebra.coefficients import Coefficient, Rational, polynomial, reciprocal
from derivations.algebra.construct import Matrix, inverse_symbol, matrix_of, ones, zeros
from derivations.algebra.elementwise import diagonal, hadamard
from derivations.algebra.expression import add_up
from derivations.algebra.json_form import FORMAT, VERSION
from derivations.algebra.matrix_polynomial import MatrixPolynomial, tr
from derivations.algebra.spelled import unit
from derivations.algebra.symbols import Dimension
from derivations.algebra.trace_polynomial import TracePolynomial, constant
from derivations.errors import DerivationError, FormatError

_PROPERTIES = ("symmetric", "diagonal", "invertible", "positive_definite")


def from_json(text: str) -> TracePolynomial | MatrixPolynomial:
    """Read an expression.

    Parameters
    ----------
    text : str
        What ``to_json`` wrote.

    Returns
    -------
    TracePolynomial or MatrixPolynomial
        An expression equal to the one that was written.

    Raises
    ------
    FormatError
        If the text is not such a JSON document; the message names the field.
    """
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, TypeError) as error:
        raise FormatError(f"an expression must be valid JSON, got {error}") from None
    _require(document, "document", dict)
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        got = f"{document.get('format')!r} version {document.get('version')!r}"
        raise FormatError(f"format must be {FORMAT!r} version {VERSION}, got {got}")
    try:
        letters = _letters(_field(document, "symbols", list))
        terms = [_require(term, "terms", dict) for term in _field(document, "terms", list)]
        kind = _field(document, "kind", str)
        if kind == "trace":
            return _sum_of_traces(terms, letters)
        if kind == "matrix":
            return _sum_of_words(terms, letters, _field(document, "shape", list))
    except FormatError:
        raise
    except DerivationError as error:
        raise FormatError(f"an expression must be consistent, got: {error}") from None
    raise FormatError(f"kind must be 'trace' or 'matrix', got {kind!r}")


def _require(value: Any, name: str, *types: type) -> Any:
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        expected = " or ".join(kind.__name__ for kind in types)
        raise FormatError(f"{name} must be a {expected}, got {type(value).__name__}")
    return value


def _field(record: dict[str, Any], name: str, *types: type) -> Any:
    if name not in record:
        raise FormatError(f"the field {name} is missing")
    return _require(record[name], name, *types)


def _letters(records: list[Any]) -> list[MatrixPolynomial]:
    matrices = [_symbol(_require(record, "symbols", dict)) for record in records]
    return [each for matrix in matrices for each in (matrix, matrix.T)]


def _symbol(record: dict[str, Any]) -> MatrixPolynomial:
    kind = _field(record, "kind", str)
    rows, cols = (_size(_field(record, side, int, str)) for side in ("rows", "cols"))
    parts = [[_letter(pair) for pair in _require(part, "parts", list)] for part in _field(record, "parts", list)]
    counts = {"plain": 0, "ones": 0, "inverse": 1, "diagonal": 1, "hadamard": max(2, len(parts))}
    if len(parts) != counts.get(kind):
        raise FormatError(f"kind must be one of {', '.join(counts)} with its parts, got {kind} with {len(parts)}")
    if kind == "plain":
        return _plain(record, rows, cols)
    if kind == "ones":
        return ones(rows)
    if kind == "inverse":
        base = parts[0][0] if len(parts[0]) == 1 else None
        if not isinstance(base, Matrix) or not base.symbol.invertible:
            raise FormatError("an inverse must have one invertible symbol as its part")
        return matrix_of(inverse_symbol(base.symbol))
    products = [_product(part, rows) for part in parts]
    return diagonal(products[0]) if kind == "diagonal" else reduce(hadamard, products)


def _plain(record: dict[str, Any], rows: Dimension, cols: Dimension) -> Matrix:
    properties = _field(record, "properties", list)
    unknown = [name for name in properties if name not in _PROPERTIES]
    if unknown:
        raise FormatError(f"properties must be among {', '.join(_PROPERTIES)}, got {unknown[0]!r}")
    return Matrix(
        _field(record, "name", str),
        rows,
        cols,
        **{name: name in properties for name in _PROPERTIES},
        latex=_field(record, "latex", str, type(None)),
    )


def _letter(pair: Any) -> MatrixPolynomial:
    if not isinstance(pair, list) or len(pair) != 2:
        raise FormatError("parts must be lists of pairs of a symbol and whether it is transposed")
    matrix = _symbol(_require(pair[0], "parts", dict))
    return matrix.T if _require(pair[1], "transposed", bool) else matrix


def _size(value: Any) -> Dimension:
    size: Dimension = value
    if isinstance(size, int) and size < 1:
        raise FormatError(f"a dimension must be positive, got {size}")
    return size


def _product(factors: list[MatrixPolynomial], size: Dimension) -> MatrixPolynomial:
    result = factors[0] if factors else unit(size)
    for factor in factors[1:]:
        result = result * factor
    return result


def _word(numbers: Any, letters: list[MatrixPolynomial]) -> list[MatrixPolynomial]:
    for number in _require(numbers, "word", list):
        if not 0 <= _require(number, "a letter", int) < len(letters):
            raise FormatError(f"a letter must be at least 0 and less than {len(letters)}, got {number}")
    return [letters[number] for number in numbers]


def _factor(term: dict[str, Any], letters: list[MatrixPolynomial]) -> TracePolynomial:
    factor = constant(_coefficient(_field(term, "coefficient", str, dict)))
    for numbers in _field(term, "traces", list):
        factor = factor * tr(_product(_word(numbers, letters), 1))
    return factor


def _sum_of_traces(terms: list[dict[str, Any]], letters: list[MatrixPolynomial]) -> TracePolynomial:
    return add_up(constant(0), [_factor(term, letters) for term in terms])


def _sum_of_words(terms: list[dict[str, Any]], letters: list[MatrixPolynomial], shape: list[Any]) -> MatrixPolynomial:
    if len(shape) != 2:
        raise FormatError(f"shape must have two entries, got {len(shape)}")
    rows, cols = (_size(_require(size, "shape", int, str)) for size in shape)
    pieces: list[MatrixPolynomial] = []
    for term in terms:
        word = _product(_word(_field(term, "word", list), letters), rows)
        if word.shape != (rows, cols):
            raise FormatError(f"each term must have shape {rows} x {cols}, got {word.rows} x {word.cols}")
        pieces.append(_factor(term, letters) * word)
    return add_up(zeros(rows, cols), pieces)


def _coefficient(value: Any) -> Coefficient:
    if isinstance(value, str):
        return _number(value)
    top, bottom = (_polynomial(_field(value, name, list)) for name in ("numerator", "denominator"))
    return top * reciprocal(bottom)


def _polynomial(terms: list[Any]) -> Coefficient:
    read = []
    for term in terms:
        if not isinstance(term, list) or len(term) != 2 or not isinstance(term[0], list):
            raise FormatError("a polynomial must be a list of pairs of powers and a factor")
        powers = [_power(pair) for pair in term[0]]
        read.append((dict(powers), _number(_require(term[1], "factor", str))))
    return polynomial(read)


def _power(pair: Any) -> tuple[str, int]:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], int):
        raise FormatError("a power must be a pair of a name and an integer")
    return pair[0], pair[1]


def _number(text: str) -> Rational:
    if not re.fullmatch(r"-?\d{1,4000}(/\d{1,4000})?", text):
        raise FormatError(f"a number must be written as p or p/q, got {text[:40]!r}")
    top, _, bottom = text.partition("/")
    if bottom and int(bottom) == 0:
        raise FormatError(f"a number must have a denominator other than 0, got {text!r}")
    fraction = Fraction(int(top), int(bottom or 1))
    return fraction.numerator if fraction.denominator == 1 else fraction
