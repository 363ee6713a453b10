"""Matrix symbols, and tables that number them so that products become words of small integers."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from derivations.algebra.words import Word, translation
from derivations.errors import SymbolError

Dimension = int | str
Spelled = tuple[tuple["Symbol", bool], ...]


@dataclass(frozen=True)
class Symbol:
    """A named matrix.

    Parameters
    ----------
    name : str
        Printed name; within one expression a name stands for one symbol.
    rows, cols : int or str
        Shape; a string is the name of a scalar.
    symmetric, diagonal, invertible, positive_definite : bool
        Properties; a diagonal matrix is symmetric, a positive definite one symmetric and invertible.
    kind : {"plain", "inverse", "ones", "hadamard", "diagonal"}
        Plain, the inverse of a symbol, a vector of ones, the elementwise product of two words, or the diagonal
        matrix of a vector.
    parts : tuple
        What a composite symbol is made of: words spelled as ``((symbol, transposed), ...)``.
    tex : str, optional
        LaTeX name; not part of the identity of the symbol.
    """

    name: str
    rows: Dimension
    cols: Dimension
    symmetric: bool = False
    diagonal: bool = False
    invertible: bool = False
    kind: str = "plain"
    parts: tuple[Spelled, ...] = ()
    tex: str | None = field(default=None, compare=False)
    positive_definite: bool = False
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Symbols are hashed far more often than made.
        content = (
            self.name,
            self.rows,
            self.cols,
            self.symmetric,
            self.diagonal,
            self.invertible,
            self.positive_definite,
            self.kind,
            self.parts,
        )
        object.__setattr__(self, "_hash", hash(content))

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The hash of a string differs between processes.
        for name, value in state.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __hash__(self) -> int:
        return self._hash

    @property
    def sort_key(self) -> tuple[str, ...]:
        """Order of symbols, from their content alone."""
        return (self.name, self.kind, str(self.rows), str(self.cols), repr(self.parts))


class SymbolTable:
    """An immutable, sorted list of symbols; symbol ``i`` has the letter ``2 i``, its transpose ``2 i + 1``.

    Parameters
    ----------
    symbols : tuple of Symbol
        Distinct symbols in the order of `Symbol.sort_key`.

    Raises
    ------
    SymbolError
        If one name stands for two different symbols.
    """

    def __init__(self, symbols: tuple[Symbol, ...]) -> None:
        self.symbols = symbols
        self.index = {symbol: i for i, symbol in enumerate(symbols)}
        self._refuse_ambiguous_names()
        involution: list[int] = []
        for i, symbol in enumerate(symbols):
            involution += [2 * i, 2 * i + 1] if symbol.symmetric else [2 * i + 1, 2 * i]
        self.involution = tuple(involution)
        self.rows = tuple(size for symbol in symbols for size in (symbol.rows, symbol.cols))
        self.cols = tuple(size for symbol in symbols for size in (symbol.cols, symbol.rows))
        self.inverse = self._inverses()
        self.diagonal = tuple(symbol.diagonal for symbol in symbols for _ in range(2))
        self.has_diagonals = sum(symbol.diagonal for symbol in symbols) > 1
        self.has_inverses = any(letter >= 0 for letter in self.inverse)
        self.has_vectors = 1 in self.rows
        # Words over a plain table need no reduction, only the canonical form of traces.
        self.plain = not (self.has_diagonals or self.has_inverses or self.has_vectors)
        self.translation = translation(involution) if len(involution) <= 256 else None
        self.canonical_words: dict[Word, Word] = {}

    def _refuse_ambiguous_names(self) -> None:
        for first, second in zip(self.symbols, self.symbols[1:], strict=False):
            if first.name == second.name:
                raise SymbolError(
                    f"the name {first.name} must stand for one symbol, got a {first.rows} x {first.cols} "
                    f"and a {second.rows} x {second.cols} symbol with different properties or shapes"
                )

    def _inverses(self) -> tuple[int, ...]:
        inverse = [-1] * (2 * len(self.symbols))
        for i, symbol in enumerate(self.symbols):
            j = self.index.get(symbol.parts[0][0][0], -1) if symbol.kind == "inverse" else -1
            if j >= 0:
                for offset in range(2):
                    inverse[2 * i + offset], inverse[2 * j + offset] = 2 * j + offset, 2 * i + offset
        return tuple(inverse)

    def letter(self, symbol: Symbol, transposed: bool = False) -> int:
        """Return the letter of a symbol of the table, or of its transpose."""
        letter = 2 * self.index[symbol]
        return self.involution[letter] if transposed else letter

    def spell(self, word: Word) -> Spelled:
        """Write a word with symbols instead of letters."""
        return tuple((self.symbols[letter // 2], bool(letter % 2)) for letter in word)


@lru_cache(maxsize=4096)
def _table(symbols: tuple[Symbol, ...]) -> SymbolTable:
    return SymbolTable(symbols)


def table_of(*symbols: Symbol) -> SymbolTable:
    """Return the table of some symbols; the same symbols always get the same table."""
    return _table(tuple(sorted(set(symbols), key=lambda symbol: symbol.sort_key)))


@lru_cache(maxsize=4096)
def merge_tables(first: SymbolTable, second: SymbolTable) -> tuple[SymbolTable, tuple[int, ...], tuple[int, ...]]:
    """Join two tables: the new one, and new letters of both; renamed canonical words stay canonical."""
    table = table_of(*first.symbols, *second.symbols)
    return table, renaming(first, table), renaming(second, table)


def renaming(old: SymbolTable, new: SymbolTable) -> tuple[int, ...]:
    """Return the letter in the new table of each letter of the old one; -1 where the new table lacks the symbol."""
    places = [new.index.get(symbol, -1) for symbol in old.symbols]
    return tuple(2 * place + offset if place >= 0 else -1 for place in places for offset in range(2))
