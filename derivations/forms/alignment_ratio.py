"""The alignment of two matrices as an expression: ``N / sqrt(D1 D2)`` of trace polynomials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial, tr
from derivations.errors import DerivationError

Scalarlike: TypeAlias = TracePolynomial | sympy.Expr
PARTS: Final = ("numerator", "first norm", "second norm")
"""What the three parts of an alignment are called."""


@dataclass(frozen=True)
class AlignmentRatio:
    """A cosine, ``N / sqrt(D1 D2)``.

    Parameters
    ----------
    numerator : TracePolynomial or sympy.Expr
        ``N = tr(A^T B)``.
    first, second : TracePolynomial or sympy.Expr
        The squared Frobenius norms ``D1 = tr(A^T A)`` and ``D2 = tr(B^T B)``.

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> P, S = Matrix("P", "n", symmetric=True), Matrix("S", "n", symmetric=True)
    >>> print(alignment_of(P, S))
    tr(P S) / √(tr(P²) tr(S²))
    """

    numerator: Scalarlike
    first: Scalarlike
    second: Scalarlike

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        """Numerator and squared norms, in this order."""
        return self.numerator, self.first, self.second

    def map(self, change: Callable[[Any], Any]) -> "AlignmentRatio":
        """Apply a change to each of the three parts."""
        return AlignmentRatio(*map(change, self.parts))

    def residuals(self, value: Callable[[Any], Any], truth: Sequence[Any], of: str = "C-NFA") -> dict[str, Any]:
        """Subtract from the value of each part what it must be."""
        pairs = zip(PARTS, self.parts, truth, strict=True)
        return {f"{name} of {of}": value(part) - true for name, part, true in pairs}

    def latex(self) -> str:
        """Return the ratio in LaTeX."""
        top, first, second = (_latex(part) for part in self.parts)
        return rf"\frac{{{top}}}{{\sqrt{{{_bracketed(first)} {_bracketed(second)}}}}}"

    def __str__(self) -> str:
        top, first, second = (str(part) for part in self.parts)
        top = f"({top})" if _is_sum(top) else top
        first, second = (f"({part})" if _is_sum(part) else part for part in (first, second))
        return f"{top} / √({first} {second})"


def alignment_of(A: MatrixPolynomial, B: MatrixPolynomial) -> AlignmentRatio:
    """Return the alignment of two matrices, by its definition."""
    return AlignmentRatio(tr(A.T * B), tr(A.T * A), tr(B.T * B))


def without_common_factor(ratio: AlignmentRatio, nfm_factor: TracePolynomial, agop_factor: TracePolynomial) -> Any:
    """Cancel positive scalar factors of the two matrices, which no alignment depends on."""
    if not isinstance(ratio.numerator, TracePolynomial):
        raise DerivationError("factors cancel in ratios of trace polynomials only, got a SymPy expression")
    a, b = nfm_factor, agop_factor
    return AlignmentRatio(ratio.numerator / (a * b), ratio.first / (a * a), ratio.second / (b * b))


def _latex(part: Scalarlike) -> str:
    return part.latex() if isinstance(part, TracePolynomial) else str(sympy.latex(part))


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)" if _is_sum(text) else text


def _is_sum(text: str) -> bool:
    depth = 0
    for i, letter in enumerate(text):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if depth == 0 and i > 0 and letter in "+-" and text[i - 1] == " ":
            return True
    return False
