"""Fold products into the letters that abbreviate them: ``D D^T`` into ``kappa``, ``U^T U`` into the identity.

Substitution unfolds a letter; this is the way back, by which a closed form is brought into the quantities that it is
stated in. A rule is used wherever its left side, or the transpose, occurs as a run of factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from derivations.algebra import MatrixPolynomial, TracePolynomial, tr
from derivations.algebra.coefficients import Coefficient
from derivations.algebra.spelled import product_of, spelled_shape
from derivations.algebra.symbols import Spelled, table_of
from derivations.errors import DerivationError

Polynomial = TypeVar("Polynomial", TracePolynomial, MatrixPolynomial)
Rule = tuple[MatrixPolynomial, MatrixPolynomial]


@dataclass(frozen=True)
class _SpelledRule:
    """A product ``left`` that equals ``factor * right``."""

    left: Spelled
    right: Spelled
    factor: Coefficient


def rewrite(expression: Polynomial, rules: Sequence[Rule]) -> Polynomial:
    """Replace products by the shorter products that they equal, until none is left.

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> Z, P = Matrix("Z", "n", "m"), Matrix("P", "n", symmetric=True)
    >>> S = Matrix("S", "n", symmetric=True)
    >>> print(rewrite(tr(Z.T * P * Z * Z.T * P * Z), [(Z * Z.T, S)]))
    tr((P S)²)
    """
    spelled = [rule for pair in rules for rule in _both_ways(*pair)]
    if isinstance(expression, MatrixPolynomial):
        return _rewrite_matrix(expression, spelled)
    return _rewrite_scalar(expression, spelled)


def _rewrite_scalar(expression: TracePolynomial, rules: list[_SpelledRule]) -> TracePolynomial:
    total = TracePolynomial(table_of(), {})
    for monomial, value in expression.terms.items():
        term = TracePolynomial(table_of(), {(): value})
        for word in monomial:
            term = term * _folded_trace(expression.table.spell(word), rules)
        total = total + term
    return total


def _rewrite_matrix(expression: MatrixPolynomial, rules: list[_SpelledRule]) -> MatrixPolynomial:
    total = MatrixPolynomial(table_of(), {}, *expression.shape)
    for (monomial, word), value in expression.terms.items():
        traces = _rewrite_scalar(TracePolynomial(expression.table, {monomial: value}), rules)
        folded, factor = _fold(expression.table.spell(word), rules)
        total = total + factor * traces * product_of(folded, expression.rows)
    return total


def _both_ways(left: MatrixPolynomial, right: MatrixPolynomial) -> list[_SpelledRule]:
    """Spell a rule and its transpose."""
    if left.shape != right.shape:
        raise DerivationError(f"a rule must keep the shape, got {left.shape} and {right.shape} for {left} = {right}")
    here, there = _spelled_rule(left, right), _spelled_rule(left.T, right.T)
    return [here] if here == there else [here, there]


def _spelled_rule(left: MatrixPolynomial, right: MatrixPolynomial) -> _SpelledRule:
    (old, one), (new, factor) = _single_product(left), _single_product(right)
    if one != 1 or _size(old) <= _size(new):
        raise DerivationError(f"a rule must make a product without a factor shorter, got {left} = {right}")
    return _SpelledRule(old, new, factor)


def _single_product(product: MatrixPolynomial) -> tuple[Spelled, Coefficient]:
    if len(product.terms) == 1:
        (((monomial, word), value),) = product.terms.items()
        if not monomial:
            return product.table.spell(word), value
    raise DerivationError(f"a side of a rule must be a single product, got {product}")


def _size(word: Spelled) -> int:
    """Count letters, those inside composite symbols too, so that ``diag(v) 1`` is longer than ``v``."""
    return sum(max(1, sum(_size(part) for part in symbol.parts)) for symbol, _ in word)


def _fold(word: Spelled, rules: Sequence[_SpelledRule]) -> tuple[Spelled, Coefficient]:
    """Apply the first rule that fits at the first place where it fits, until none does."""
    factor: Coefficient = 1
    places = _places(word, rules)
    while places:
        i, rule = places[0]
        word, factor = word[:i] + rule.right + word[i + len(rule.left) :], factor * rule.factor
        places = _places(word, rules)
    return word, factor


def _places(word: Spelled, rules: Sequence[_SpelledRule]) -> list[tuple[int, _SpelledRule]]:
    return [
        (i, rule)
        for rule in rules
        for i in range(len(word) - len(rule.left) + 1)
        if word[i : i + len(rule.left)] == rule.left
    ]


def _folded_trace(word: Spelled, rules: Sequence[_SpelledRule]) -> TracePolynomial:
    """Fold every rotation of a word under a trace, take the shortest result, and go on while it gets shorter."""
    factor: Coefficient = 1
    size = spelled_shape(word, 1)[0]
    while word:
        rotations = [word[i:] + word[:i] for i in range(len(word))]
        folded = [(*_fold(each, rules), spelled_shape(each, 1)[0]) for each in rotations]
        shortest, change, rows = min(folded, key=lambda each: _size(each[0]))
        if _size(shortest) == _size(word):
            break
        word, factor, size = shortest, factor * change, rows
    return factor * tr(product_of(word, size))
