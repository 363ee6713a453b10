"""What trace polynomials and matrix polynomials share: terms over a table of symbols, and their sums."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from derivations.algebra.coefficients import Coefficient, RationalFunction, exact_number
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import Symbol, SymbolTable, merge_tables, renaming, table_of
from derivations.algebra.words import Word
from derivations.errors import DerivationError, TermLimitError

if TYPE_CHECKING:
    from derivations.algebra.compiled import CompiledExpression

TERM_LIMIT = 2_000_000
Key = TypeVar("Key", bound=Hashable)
Sum = TypeVar("Sum", bound="Expression[Any]")


def check_term_limit(count: int, limit: int, what: str) -> None:
    """Refuse a request that would need too many terms, before it is begun."""
    if count > limit:
        raise TermLimitError(f"{what} needs up to {count} terms, more than term_limit={limit}")


def rename_word(word: Word, letters: tuple[int, ...]) -> Word:
    """Write a word in the letters of another table."""
    return tuple([letters[letter] for letter in word])


def rename_monomial(monomial: Monomial, letters: tuple[int, ...]) -> Monomial:
    """Write a product of traces in the letters of another table."""
    return tuple([rename_word(word, letters) for word in monomial])


class Expression(Generic[Key]):
    """A sum of terms, each a coefficient times a key made of words over a table of symbols.

    Parameters
    ----------
    table : SymbolTable
        What the letters stand for.
    terms : dict
        Coefficient of each key; no zeros, keys in normal form.
    """

    __slots__ = ("_compiled", "table", "terms")
    # NumPy numbers on the left of a product or sum must leave it to the expression.
    __array_ufunc__ = None

    def __init__(self, table: SymbolTable, terms: dict[Key, Coefficient]) -> None:
        self.table = table
        self.terms = terms
        self._compiled: CompiledExpression | None = None

    def _new(self, table: SymbolTable, terms: dict[Key, Coefficient]) -> Self:
        raise NotImplementedError

    def replaced(self, table: SymbolTable, terms: dict[Key, Coefficient]) -> Self:
        """Return an expression of the same type and shape with other terms."""
        return self._new(table, terms)

    @staticmethod
    def _rename_key(key: Any, letters: tuple[int, ...]) -> Any:
        raise NotImplementedError

    def over(self, table: SymbolTable) -> dict[Key, Coefficient]:
        """Return the terms in the letters of a table that holds all symbols; its own ones are not to be changed."""
        if table is self.table:
            return self.terms
        letters = renaming(self.table, table)
        return {self._rename_key(key, letters): value for key, value in self.terms.items()}

    def symbols(self) -> frozenset[Symbol]:
        """Return the symbols that occur in the expression."""
        return frozenset(self.table.symbols[letter // 2] for key in self.terms for letter in key_letters(key))

    def _sum(self, other: "Expression[Key]", sign: int) -> Self:
        table = self.table if self.table is other.table else merge_tables(self.table, other.table)[0]
        terms = dict(self.over(table))
        add_terms(terms, other.over(table), sign)
        return self._new(table, terms)

    def _scaled(self, factor: Coefficient) -> Self:
        if factor == 0:
            return self._new(self.table, {})
        return self._new(self.table, {key: value * factor for key, value in self.terms.items()})

    def __neg__(self) -> Self:
        return self._scaled(-1)

    def __pos__(self) -> Self:
        return self

    def __bool__(self) -> bool:
        return bool(self.terms)

    def _content(self) -> frozenset[tuple[Any, Coefficient]]:
        """Return the terms over the symbols that occur, the same for equal expressions."""
        used = table_of(*self.symbols())
        return frozenset(self.over(used).items())

    def _same_terms(self, other: "Expression[Key]") -> bool:
        if len(self.terms) != len(other.terms):
            return False
        if self.table is other.table:
            return self.terms == other.terms
        return self.symbols() == other.symbols() and self._content() == other._content()

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes an expression travels as its JSON text, which is checked when it is read.
        from derivations.algebra.json_reader import from_json

        return from_json, (self.to_json(),)

    def scalar_names(self) -> frozenset[str]:
        """Return the names of the scalars in the coefficients."""
        functions = (value for value in self.terms.values() if isinstance(value, RationalFunction))
        return frozenset(name for function in functions for name in function.names())

    def evaluate(self, values: Mapping[Any, Any]) -> Any:
        """Insert values: exactly for rational entries, in floating point for arrays.

        Parameters
        ----------
        values : mapping
            A matrix for each `Matrix` (or its name), a number for each `Scalar` (or its name). Dimensions may
            be left out where they can be read off the matrices.

        Returns
        -------
        Fraction, tuple of tuples of Fraction, or array
            The value.

        Raises
        ------
        MissingValueError
            If a value is missing or of the wrong shape.
        """
        from derivations.algebra.evaluate import evaluate

        return evaluate(self, values)

    def compile(self) -> "CompiledExpression":
        """Prepare evaluation on arrays of any namespace: common subproducts shared, cheapest order.

        Returns
        -------
        CompiledExpression
            A function of a mapping of values, as `evaluate` takes it; leading axes of the arrays are batches.
        """
        from derivations.algebra.compiled import CompiledExpression

        if self._compiled is None:
            self._compiled = CompiledExpression(self)
        return self._compiled

    def to_json(self) -> str:
        """Return a stable text that `from_json` reads back."""
        from derivations.algebra.json_form import to_json

        return to_json(self)

    def latex(self) -> str:
        """Return the expression in LaTeX."""
        from derivations.algebra.printing import LATEX, print_expression

        return print_expression(self, LATEX)

    def __str__(self) -> str:
        from derivations.algebra.printing import UNICODE, print_expression

        return print_expression(self, UNICODE)

    __repr__ = __str__


def key_letters(key: Any) -> list[int]:
    """List the letters in a key: nested tuples of integers."""
    if isinstance(key, int):
        return [key]
    return [letter for part in key for letter in key_letters(part)]


def add_terms(terms: dict[Any, Coefficient], more: Mapping[Any, Coefficient], factor: Coefficient = 1) -> None:
    """Add a multiple of some terms to a dictionary of terms, in place; zeros are dropped."""
    if factor == 1:
        for key, value in more.items():
            add_term(terms, key, value)
        return
    for key, value in more.items():
        add_term(terms, key, value * factor)


def add_up(zero: Sum, pieces: Iterable[Sum]) -> Sum:
    """Add many expressions at once, in time proportional to their terms."""
    summands = list(pieces)
    tables = {id(piece.table): piece.table for piece in summands}
    table = table_of(*(symbol for each in tables.values() for symbol in each.symbols))
    terms: dict[Any, Coefficient] = {}
    for piece in summands:
        add_terms(terms, piece.over(table))
    return zero.replaced(table, terms)


def add_term(terms: dict[Any, Coefficient], key: Any, value: Coefficient) -> None:
    """Add one term to a dictionary of terms, in place."""
    old = terms.get(key)
    if old is None:
        if value != 0:
            terms[key] = value
        return
    total = old + value
    if total == 0:
        del terms[key]
    else:
        terms[key] = total


def require_number(value: object, what: str) -> Coefficient:
    """Read an exact number."""
    number = exact_number(value)
    if number is None:
        raise DerivationError(f"{what} must be an exact number or an expression, got {type(value).__name__}")
    return number
