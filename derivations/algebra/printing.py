"""Print expressions as a mathematician writes them, in Unicode or LaTeX."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.expression import Expression
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import Spelled, Symbol, SymbolTable
from derivations.algebra.words import Word

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Style:
    """How the pieces of an expression are written.

    Parameters
    ----------
    name : callable
        Text of a symbol.
    transpose : callable
        Text of a transposed letter.
    power : callable
        Text of a power of a text.
    trace : str
        The word for a trace.
    brackets : tuple of str
        Opening and closing bracket.
    fraction : callable
        Text of numerator over denominator.
    scalar : callable
        Text of a SymPy expression.
    identity : str
        The identity matrix.
    """

    name: Callable[[Symbol], str]
    transpose: Callable[[str], str]
    power: Callable[[str, int], str]
    trace: str
    brackets: tuple[str, str]
    fraction: Callable[[str, str], str]
    scalar: Callable[[Any], str]
    identity: str


def _unicode_name(symbol: Symbol) -> str:
    if symbol.kind == "ones":
        return f"1[{symbol.rows}]"
    if symbol.kind == "hadamard":
        return "(" + " ∘ ".join(_spelled(part, UNICODE) for part in symbol.parts) + ")"
    return f"diag({_spelled(symbol.parts[0], UNICODE)})" if symbol.kind == "diagonal" else symbol.name


def _latex_name(symbol: Symbol) -> str:
    if symbol.tex is not None:
        return symbol.tex
    if symbol.kind == "inverse":
        return f"{_latex_name(symbol.parts[0][0][0])}^{{-1}}"
    if symbol.kind == "hadamard":
        return r"\left(" + r" \circ ".join(_spelled(part, LATEX) for part in symbol.parts) + r"\right)"
    if symbol.kind == "diagonal":
        return rf"\operatorname{{diag}}\left({_spelled(symbol.parts[0], LATEX)}\right)"
    # dW is the change of W since initialization; d alone is a name like any other.
    change = re.fullmatch(r"d([A-Z]\w*)", symbol.name)
    if change:
        return rf"\dot {sympy.latex(sympy.Symbol(change[1]))}"
    return str(sympy.latex(sympy.Symbol(symbol.name)))


def _unicode_scalar(value: Any) -> str:
    text = str(value).replace("**", "^")
    text = re.sub(r"\^(\d+)", lambda match: match[1].translate(_SUPERSCRIPTS), text)
    return text.replace("*", " ")


UNICODE = Style(
    name=_unicode_name,
    transpose=lambda text: f"{text}ᵀ",
    power=lambda text, exponent: text + str(exponent).translate(_SUPERSCRIPTS),
    trace="tr",
    brackets=("(", ")"),
    fraction=lambda top, bottom: f"{top}/{bottom}",
    scalar=_unicode_scalar,
    identity="I",
)
LATEX = Style(
    name=_latex_name,
    transpose=lambda text: f"{text}^{{-\\top}}" if text.endswith("^{-1}") else f"{text}^\\top",
    power=lambda text, exponent: f"{text}^{{{exponent}}}",
    trace=r"\operatorname{tr}",
    brackets=(r"\left(", r"\right)"),
    fraction=lambda top, bottom: rf"\frac{{{top}}}{{{bottom}}}",
    scalar=lambda value: str(sympy.latex(value)),
    identity="I",
)


def print_expression(expression: Expression[Any], style: Style) -> str:
    """Print an expression."""
    table, pieces = expression.table, []
    is_number = getattr(expression, "shape", None) == (1, 1)
    for key in sorted(expression.terms, key=_reading_order):
        factors = _factors(key[0] if is_number else key, table, style)
        sign, text = _term(expression.terms[key], factors, style)
        pieces.append((sign, text))
    if not pieces:
        return "0"
    first = ("-" if pieces[0][0] < 0 else "") + pieces[0][1]
    return first + "".join(f" {'-' if sign < 0 else '+'} {text}" for sign, text in pieces[1:])


def _reading_order(key: Any) -> tuple[int, int, Any]:
    monomial, word = (key[0], key[1]) if _is_matrix_key(key) else (key, ())
    degree = len(word) + sum(len(each) for each in monomial)
    return degree, len(monomial), key


def _is_matrix_key(key: Any) -> bool:
    return len(key) == 2 and (not key[1] or isinstance(key[1][0], int)) and _is_monomial(key[0])


def _is_monomial(part: Any) -> bool:
    return all(isinstance(word, tuple) for word in part)


def _factors(key: Any, table: SymbolTable, style: Style) -> str:
    if not _is_matrix_key(key):
        return print_monomial(key, table, style)
    monomial, word = key
    text = print_monomial(monomial, table, style)
    return f"{text} {print_word(word, table, style)}".strip()


def print_monomial(monomial: Monomial, table: SymbolTable, style: Style) -> str:
    """Print a product of traces, equal ones as a power."""
    opening, closing = style.brackets
    texts = []
    for word in dict.fromkeys(monomial):
        exponent = monomial.count(word)
        start = next((i for i, letter in enumerate(word) if table.rows[letter] == 1), -1)
        if start >= 0:  # a product of vectors is a number without a trace
            product = print_word(word[start:] + word[:start], table, style)
            bracketed = f"{opening}{product}{closing}" if len(word) > 1 else product
            texts.append(style.power(bracketed, exponent) if exponent > 1 else product)
            continue
        if exponent > 1 and style is LATEX:
            texts.append(f"{style.trace}^{{{exponent}}}{opening}{print_word(word, table, style)}{closing}")
            continue
        text = f"{style.trace}{opening}{print_word(word, table, style)}{closing}"
        texts.append(style.power(text, exponent) if exponent > 1 else text)
    return " ".join(texts)


def print_word(word: Word, table: SymbolTable, style: Style) -> str:
    """Print a product of letters, repetitions as powers."""
    return _spelled(table.spell(word), style)


def _spelled(word: Spelled, style: Style) -> str:
    if not word:
        return style.identity
    texts, i = [], 0
    while i < len(word):
        period, repeats = _repetition(word, i)
        block = word[i : i + period]
        text = " ".join(_letter(symbol, transposed, style) for symbol, transposed in block)
        if repeats > 1:
            plain = period == 1 and not block[0][1] and block[0][0].kind == "plain"
            bracketed = text if plain else f"{style.brackets[0]}{text}{style.brackets[1]}"
            text = style.power(bracketed, repeats)
        texts.append(text)
        i += period * repeats
    return " ".join(texts)


def _repetition(word: Spelled, start: int) -> tuple[int, int]:
    """Find the period whose repetitions cover most letters from a place on; one letter where none does."""
    best = (1, 1)
    for period in range(1, (len(word) - start) // 2 + 1):
        block, repeats = word[start : start + period], 1
        while word[start + repeats * period : start + (repeats + 1) * period] == block:
            repeats += 1
        if repeats > 1 and repeats * period > best[0] * best[1]:
            best = (period, repeats)
    return best


def _letter(symbol: Symbol, transposed: bool, style: Style) -> str:
    text = style.name(symbol)
    return style.transpose(text) if transposed else text


def _term(value: Coefficient, factors: str, style: Style) -> tuple[int, str]:
    """Return the sign and the text of a term."""
    sign, text = _coefficient(value, style, alone=not factors)
    return sign, " ".join(part for part in (text, factors) if part)


def _coefficient(value: Coefficient, style: Style, alone: bool) -> tuple[int, str]:
    if not isinstance(value, RationalFunction):
        sign, size = (-1 if value < 0 else 1), abs(Fraction(value))
        top, bottom = str(size.numerator), str(size.denominator)
        if size == 1 and not alone:
            return sign, ""
        return sign, top if bottom == "1" else style.fraction(top, bottom)
    top, bottom = sympy.factor(value.as_sympy()).as_numer_denom()
    sign = -1 if top.could_extract_minus_sign() and not isinstance(top, sympy.Add) else 1
    top = sign * top
    if bottom == 1:
        return sign, style.scalar(top) if alone else _bracketed(top, style, sympy.Add)
    if style is LATEX:
        return sign, style.fraction(style.scalar(top), style.scalar(bottom))
    compound = (sympy.Add, sympy.Mul)
    return sign, style.fraction(_bracketed(top, style, sympy.Add), _bracketed(bottom, style, compound))


def _bracketed(value: Any, style: Style, kinds: Any) -> str:
    text = style.scalar(value)
    return f"{style.brackets[0]}{text}{style.brackets[1]}" if isinstance(value, kinds) else text
