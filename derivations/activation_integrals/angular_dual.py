"""Duals of activations that have a kink and no closed form here, and of functions that are given without a formula."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1

from derivations.activation_integrals.by_angle import (
    AngularKernel,
    AngularKernelWithSlope,
    Elementwise,
    angular_kernel,
    function_by_angle,
)
from derivations.activation_integrals.definitions import ActivationError, h
from derivations.activation_integrals.dual import Dual
from derivations.activation_integrals.evaluate import KernelFunction
from derivations.activation_integrals.price import double_integral

STEP = sp.Heaviside(h, 0)


@dataclass(frozen=True)
class AngularDual(Dual):
    """A dual by quadrature over wedges.

    Parameters
    ----------
    activation : callable
        ``phi`` for arrays, elementwise.
    """

    activation: Elementwise = np.asarray

    @property
    def function(self) -> KernelFunction:
        """A function of arrays ``q1, q2, c`` that broadcast: an integral for each element, in float64."""
        return function_by_angle(self.activation)

    def on_samples(self, variance: Any) -> AngularKernel:
        """Fix the variances of ``n`` samples."""
        return angular_kernel(self.activation, variance)

    def on_samples_with_slope(self, variance: Any) -> AngularKernelWithSlope:
        """Fix the variances of ``n`` samples, for the dual and that of the derivative."""
        return AngularKernelWithSlope(self.on_samples(variance), angular_kernel(_of(self.derivative), variance))

    @property
    def obligations(self) -> dict[str, sp.Expr]:
        """Both sides of the kink make up the definition; the activation itself does not jump."""
        above, below = sides(self.definition)
        found = {"sides of the kink": self.definition - (above * STEP + below * (1 - STEP))}
        return found | ({"no jump": (above - below).subs(h, 0)} if self.order == 0 else {})


def _of(each: Dual) -> Elementwise:
    if not isinstance(each, AngularDual):
        raise ActivationError(f"the derivative of {each.name} must be integrated as the activation is")
    return each.activation


def sides(definition: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return what an activation is above its kink at zero, and below."""
    return definition.subs(STEP, 1), definition.subs(STEP, 0)


def compile_sides(definition: sp.Expr) -> Elementwise:
    """Compile an activation with a kink at zero; exponentials minus 1 keep their digits, and nothing overflows."""
    if not definition.has(STEP):
        return sp.lambdify(h, definition, ["scipy", "numpy"], cse=True)  # type: ignore[no-any-return]
    E = sp.Symbol("E")
    above, below = (
        sp.lambdify(h, sp.expand(each.subs(sp.exp(h), 1 + E)).subs(E, expm1(h)), ["scipy", "numpy"])
        for each in sides(definition)
    )
    return lambda x: np.where(x > 0, above(np.maximum(x, 0)), below(np.minimum(x, 0)))


def angular_dual(
    name: str, parameter: sp.Expr | None, order: int, definition: sp.Expr, deeper: Callable[[], Dual]
) -> AngularDual:
    """Make the dual of an activation with a kink at zero, or of its derivative."""
    following = None if order else deeper
    activation = compile_sides(definition)
    return AngularDual(name, parameter, order, definition, double_integral(definition), following, activation)


def dual_of(function: Elementwise, derivative: Elementwise, name: str = "phi") -> AngularDual:
    """Make the dual of an activation that is given by functions of arrays.

    Parameters
    ----------
    function, derivative : callable
        The activation and its derivative, elementwise, in float64. A kink may be at zero.
    name : str
        What to call it.

    Returns
    -------
    AngularDual
        Its expression is the integral of a function without a formula.

    Examples
    --------
    >>> found = dual_of(lambda h: h**2, lambda h: 2 * h)
    >>> float(found.function(1.0, 2.0, 0.5).round(9)), float(found.derivative.function(1.0, 2.0, 0.5).round(9))
    (2.5, 2.0)
    """
    phi = sp.Function("phi")(h)
    slope = phi.diff(h)
    below = AngularDual(name, None, 1, slope, double_integral(slope), None, derivative)
    return AngularDual(name, None, 0, phi, double_integral(phi), lambda: below, function)
