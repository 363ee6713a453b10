"""Normal form of words: inverses cancel, diagonal letters commute, and 1 x 1 pieces leave as traces."""

from itertools import pairwise

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.symbols import Dimension, SymbolTable
from derivations.algebra.words import Word, canonical_trace, least_rotation, transpose_word

Monomial = tuple[Word, ...]
CACHE_SIZE = 500_000


def dimension_coefficient(size: Dimension) -> Coefficient:
    """Return a dimension as a coefficient: ``tr(identity(d)) = d``."""
    return size if isinstance(size, int) else RationalFunction.variable(size)


def reduce_word(word: Word, table: SymbolTable) -> tuple[Coefficient, Monomial, Word]:
    """Bring an open word to normal form: dimensions that came out, 1 x 1 pieces as sorted traces, and what is left."""
    if table.plain or not word:
        return 1, (), word
    word = cancel_and_sort(word, table)
    if not table.has_vectors or not word:
        return 1, (), word
    cuts = [i for i, letter in enumerate(word) if table.rows[letter] == 1]
    if table.cols[word[-1]] == 1:
        cuts.append(len(word))
    if len(cuts) < 2:
        return 1, (), word
    coefficient, monomial = _trace_pieces([word[i:j] for i, j in pairwise(cuts)], table)
    return coefficient, monomial, word[: cuts[0]] + word[cuts[-1] :]


def reduce_trace(word: Word, size: Dimension, table: SymbolTable) -> tuple[Coefficient, Monomial]:
    """Bring the trace of a word of a given size to normal form: dimensions that came out, and sorted traces."""
    if table.plain:
        return (1, (canonical(word, table),)) if word else (dimension_coefficient(size), ())
    word = _cyclically(word, table)
    if not word:
        return dimension_coefficient(size), ()
    cuts = [i for i, letter in enumerate(word) if table.rows[letter] == 1]
    if not cuts:
        return 1, (canonical(word, table),)
    word = word[cuts[0] :] + word[: cuts[0]]
    ends = [i - cuts[0] for i in cuts] + [len(word)]
    return _trace_pieces([word[i:j] for i, j in pairwise(ends)], table)


def canonical(word: Word, table: SymbolTable) -> Word:
    """Return the canonical word of a trace, remembered in the table."""
    cache = table.canonical_words
    found = cache.get(word)
    if found is None:
        if table.has_diagonals:
            both = (word, transpose_word(word, table.involution))
            found = min(least_rotation(_cyclically(each, table)) for each in both)
        else:
            found = canonical_trace(word, table.involution)
        if len(cache) >= CACHE_SIZE:
            cache.clear()
        cache[word] = found
    return found


def _trace_pieces(pieces: list[Word], table: SymbolTable) -> tuple[Coefficient, Monomial]:
    """Turn 1 x 1 products into traces; a vector of ones times itself is its length."""
    coefficient: Coefficient = 1
    words = []
    for piece in pieces:
        word = canonical(piece, table)
        symbol = table.symbols[word[0] // 2]
        if symbol.kind == "ones" and len(word) == 2 and word[0] // 2 == word[1] // 2:
            coefficient = coefficient * dimension_coefficient(symbol.rows)
        else:
            words.append(word)
    return coefficient, tuple(sorted(words))


def cancel_and_sort(word: Word, table: SymbolTable) -> Word:
    """Cancel neighbors that are inverse to each other and sort runs of diagonal letters."""
    if not (table.has_inverses or table.has_diagonals):
        return word
    done: list[int] = []
    for letter in word:
        _push(letter, done, table)
    return tuple(done)


def _push(letter: int, done: list[int], table: SymbolTable) -> None:
    """Append a letter to a reduced word: let it pass diagonal neighbors, and cancel against its inverse."""
    start = len(done)
    if table.diagonal[letter]:
        while start and table.diagonal[done[start - 1]]:
            start -= 1
    else:
        start = max(start - 1, 0)
    partner = table.inverse[letter]
    if partner >= 0 and partner in done[start:]:
        done.pop(done.index(partner, start))
    elif table.diagonal[letter]:
        done[start:] = sorted([*done[start:], letter])
    else:
        done.append(letter)


def _cyclically(word: Word, table: SymbolTable) -> Word:
    """Reduce a word under the trace, where its end meets its beginning."""
    word = cancel_and_sort(word, table)
    if not (table.has_inverses or table.has_diagonals):
        return word
    while len(word) > 1 and _joins(word[-1], word[0], table):
        rotated = word[1:] + word[:1]
        for _ in range(len(word)):
            if not table.diagonal[rotated[0]] or not table.diagonal[rotated[-1]]:
                break
            rotated = rotated[1:] + rotated[:1]
        reduced = cancel_and_sort(rotated, table)
        if len(reduced) == len(word):
            return reduced
        word = reduced
    return word


def _joins(last: int, first: int, table: SymbolTable) -> bool:
    return table.inverse[last] == first or (table.diagonal[last] and table.diagonal[first])
