"""Expectation of products of traces of words in one Wishart matrix, built up one factor at a time.

Let ``W`` be Wishart with ``n`` degrees of freedom and covariance ``S``, and let ``M`` be a matrix whose expectation
is known as a polynomial ``m(S)``. As ``S`` varies, the Wishart laws are an exponential family with natural parameter
``S^-1``; differentiating ``E M`` with respect to it gives

    E[W M] = n S m(S) + 2 S (d/dS) S m(S),

where the symmetric derivative ``d/dS`` acts on every ``S`` in ``m``, in its open product as well as in its traces. On
one ``S`` each,

    X S Y        ->  S X^T S Y  +  tr(X S) S Y         (cut the open product),
    tr(S Z) m    ->  S Z m  +  S Z^T m                 (cut a trace and put it in front).

So multiplying by the letters and by ``W`` from right to left gives the expectation of any word, without ever holding
the random matrix in a state. The same matrix ``S`` stands before every letter and is not written: the byte word
``a b`` means ``S a S b``.
"""

from collections import defaultdict
from collections.abc import Sequence

from derivations.expectation.counting import Budget, packing_width
from derivations.expectation.cyclic import Alphabet, Monomial, rotations

State = tuple[Monomial, bytes]


def wishart_moment(cycles: Sequence[bytes], alphabet: Alphabet, limit: int) -> dict[Monomial, int]:
    """Compute ``E prod tr(W a W b ...)`` for one Wishart matrix ``W`` and deterministic letters.

    A word ``a b ...`` of the result stands for ``tr(S a S b ...)``; in front of a monomial stands a polynomial in the
    degrees of freedom, packed (see `derivations.expectation.counting.unpack`).

    Examples
    --------
    ``E tr(W a W b) = n^2 tr(S a S b) + n tr(S a S b^T) + n tr(S a) tr(S b)``, packed in pieces of three bits:

    >>> moment = wishart_moment([bytes([0, 2])], Alphabet([1, 0, 3, 2]), limit=10)
    >>> {words: bin(count) for words, count in moment.items()} == {
    ...     (bytes([0, 2]),): "0b1000000", (bytes([0, 3]),): "0b1000", (bytes([0]), bytes([2])): "0b1000"}
    True
    """
    factors = 2 * sum(len(cycle) for cycle in cycles)
    width, budget = packing_width(factors), Budget(limit, factors)
    moment: dict[Monomial, int] = {(): 1}
    for cycle in cycles:
        states: dict[State, int] = {(traces, b""): count for traces, count in moment.items()}
        for i in reversed(range(len(cycle))):
            states = _multiply(cycle[i : i + 1], states, alphabet, width, budget)
        moment = _close(states, alphabet)
    return moment


def _multiply(
    letter: bytes, states: dict[State, int], alphabet: Alphabet, width: int, budget: Budget
) -> dict[State, int]:
    """Put one letter and then ``W`` in front of every open product, and take the expectation over that ``W``."""
    product: defaultdict[State, int] = defaultdict(int)
    cuts: dict[bytes, list[tuple[bytes, bytes, bytes]]] = {}
    pieces: dict[bytes, list[bytes]] = {}
    for (traces, word), count in states.items():
        word = letter + word
        product[traces, word] += count << width
        if word not in cuts:
            cuts[word] = _cuts(word, alphabet)
        for flipped, cycle, rest in cuts[word]:
            product[traces, flipped] += count
            product[tuple(sorted((*traces, cycle))), rest] += count
        for i, trace in enumerate(traces):
            if trace not in pieces:
                pieces[trace] = rotations(trace) + rotations(alphabet.transpose(trace))
            others = traces[:i] + traces[i + 1 :]
            for piece in pieces[trace]:
                product[others, piece + word] += count
        budget.check(len(product))
    return product


def _cuts(word: bytes, alphabet: Alphabet) -> list[tuple[bytes, bytes, bytes]]:
    """Cut ``X S Y`` at each ``S``: the word of ``X^T S Y``, the cycle of ``X``, and ``Y``."""
    cuts = []
    for place in range(1, len(word)):
        head, tail = word[:place], word[place:]
        cuts.append((alphabet.transpose(head) + tail, alphabet.canonical(head), tail))
    return cuts


def _close(states: dict[State, int], alphabet: Alphabet) -> dict[Monomial, int]:
    """Take the trace of every open product."""
    moment: defaultdict[Monomial, int] = defaultdict(int)
    for (traces, word), count in states.items():
        moment[tuple(sorted((*traces, alphabet.canonical(word))))] += count
    return moment
