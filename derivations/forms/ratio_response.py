"""How a ratio ``N / sqrt(D1 D2)`` responds to a small change of the matrices inside it, to any order.

The changes are symbols, so that their moments are taken afterwards, by whatever law they have. The joint moments of
``N``, ``D1`` and ``D2`` are never needed: to order ``p`` only the moments of ``p`` changes are.
"""

from collections.abc import Mapping
from typing import Any, Final

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, series
from derivations.algebra.trace_polynomial import constant
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.power_series import RATIO, relative_ratio

LEADING: Final = (Scalar("N"), Scalar("D_1"), Scalar("D_2"))
"""Stand for the values of ``N``, ``D1`` and ``D2`` before the change."""


def relative_response(
    ratio: AlignmentRatio,
    changes: Mapping[Matrix, MatrixPolynomial],
    order: int,
    *,
    initial: Mapping[Matrix, MatrixPolynomial] | None = None,
    power: int = 1,
) -> tuple[TracePolynomial, ...]:
    """Expand a ratio, relative to its initial value, in powers of the size ``s`` of the changes.

    Examples
    --------
    >>> from derivations.algebra import tr, identity
    >>> A, M, E = (Matrix(name, "d", symmetric=True) for name in "AME")
    >>> ratio = AlignmentRatio(tr(M), tr(M * M), tr(A * A))
    >>> print(relative_response(ratio, {M: E}, 1, initial={M: identity("d")})[1])
    (D_1 - N)/(D_1 N) tr(E)
    """
    expansions = (series(part, changes, order, initial=initial) for part in ratio.parts)
    relative = [
        [constant(1), *(each / leading for each in expansion[1:])]
        for expansion, leading in zip(expansions, LEADING, strict=True)
    ]
    return tuple(relative_ratio(relative, [exponent * power for exponent in RATIO]))


def leading_values(ratio: AlignmentRatio, values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the three parts of a ratio before the change, to which a response refers."""
    return {each.name: evaluate_formula(part, values) for each, part in zip(LEADING, ratio.parts, strict=True)}
