"""What the duals of an activation must satisfy: to be the averages that define them, in symbols."""

from collections.abc import Mapping
from typing import Any, Final

import sympy as sp

from derivations.activation_integrals.definitions import Parameter, c, q1, q2
from derivations.derivation import Residual
from derivations.wide.dual_averages import (
    ANGULAR,
    LINEAR,
    POINT,
    erf_mean,
    erf_slope_average,
    exponential_average,
    judged,
    polynomial_average,
    rectifier_average,
)

VALUE: Final = "dual"
"""Names ``E[phi(u) phi(v)]`` in a closed form."""
SLOPE: Final = "dual_of_derivative"
"""Names ``E[phi'(u) phi'(v)]``."""


def judge_polynomial(name: str, parameter: Parameter, closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average monomial by monomial."""
    return {
        each: judged(closed_form[each].subs(LINEAR) - polynomial_average(name, parameter, order), sp.expand)
        for order, each in enumerate((VALUE, SLOPE))
    }


def judge_exponential(name: str, _parameter: Parameter, closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Integrate over independent Gaussians."""
    return {
        each: judged(_merged(closed_form[each].subs(LINEAR) - exponential_average(name, order)), sp.expand)
        for order, each in enumerate((VALUE, SLOPE))
    }


def _merged(expression: sp.Expr) -> sp.Expr:
    return sp.expand(sp.powsimp(sp.expand(expression.rewrite(sp.exp))))


def judge_rectifier(name: str, parameter: Parameter, closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Integrate over the plane, sector by sector."""
    slope = sp.Integer(0) if parameter is None else parameter
    return {
        each: judged(closed_form[each].subs(ANGULAR) - rectifier_average(slope, order), sp.expand)
        for order, each in enumerate((VALUE, SLOPE))
    }


def judge_erf(_name: str, _parameter: Parameter, closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Integrate the derivative directly; the activation has its value at independence and Price's theorem."""
    value, slope = closed_form[VALUE], closed_form[SLOPE]
    rate, single = value.diff(c), erf_mean()
    return {
        "square of the dual of the derivative": _square_of_erf_slope(slope),
        "sign of the dual of the derivative": _sign(slope) - 1,
        "square of the rate in Price's theorem": _square_of_erf_slope(rate),
        "sign of the rate": _sign(rate) - 1,
        "independent arguments": value.subs(c, 0) - single * single.subs(q1, q2),
    }


def _square_of_erf_slope(claimed: sp.Expr) -> sp.Expr:
    """Compare squares, which are rational functions."""
    return judged(claimed.subs(LINEAR) ** 2 / erf_slope_average() ** 2 - 1, sp.cancel)


def _sign(expression: sp.Expr) -> sp.Expr:
    return sp.sign(expression.subs(LINEAR).subs(POINT).evalf())
