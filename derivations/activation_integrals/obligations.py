"""Everything that must simplify to zero before the duals may be believed, made on demand and by name."""

from collections.abc import Callable
from functools import partial
from typing import Final

import sympy as sp

from derivations.activation_integrals.definitions import ACTIVATION_NAMES, Parameter, c, define
from derivations.activation_integrals.error_function import determinant_obligation
from derivations.activation_integrals.exponentials import completed_square
from derivations.activation_integrals.families import dual
from derivations.activation_integrals.polynomials import polynomial_dual
from derivations.activation_integrals.price import heat_obligation

_CASES: Final[tuple[tuple[str, Parameter], ...]] = (
    *((name, None) for name in ACTIVATION_NAMES if name not in ("hermite", "leaky_relu")),
    *(("hermite", degree) for degree in (0, 1, 2, 3, 4, 7)),
    ("leaky_relu", sp.Symbol("a", real=True)),
)


def of_activation(name: str, parameter: Parameter) -> dict[str, sp.Expr]:
    """Collect the obligations of the dual of an activation and of its derivative."""
    first = dual(name, parameter)
    return {
        f"{label}: {claim}": expression
        for label, each in ((name, first), (f"{name}'", first.derivative))
        for claim, expression in each.obligations.items()
    }


def of_the_series() -> dict[str, sp.Expr]:
    """Collect the orthogonality of normalized Hermite polynomials at correlation ``c``."""
    one = sp.Integer(1)
    return {
        f"Mehler {j}, {k}": sp.expand(
            polynomial_dual(define("hermite", j), define("hermite", k), one, one, c) - (c**k if j == k else 0)
        )
        for j in range(5)
        for k in range(j + 1)
    }


OBLIGATIONS: Final[dict[str, Callable[[], dict[str, sp.Expr]]]] = {
    "heat equation of the density": lambda: {"heat": heat_obligation()},
    "completed square": lambda: {"square": completed_square()},
    "determinant of the tilt": lambda: {"determinant": determinant_obligation()},
    "Mehler's series": of_the_series,
    **{
        name if parameter is None else f"{name}({parameter})": partial(of_activation, name, parameter)
        for name, parameter in _CASES
    },
}
"""Lazily: each entry makes a dict of expressions, every one of which must simplify to zero."""
