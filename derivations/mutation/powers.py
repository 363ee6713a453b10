"""Wrong powers of scalars in a coefficient: each exponent one more and one less."""

from collections.abc import Iterator

from sympy.polys.rings import PolyElement

from derivations.algebra.coefficients import Coefficient, RationalFunction, lowest_terms

STEPS = (1, -1)


def changed_powers(value: Coefficient) -> Iterator[tuple[str, Coefficient]]:
    """Shift the exponent of each factor by one, and of each scalar in the terms of the factors that are sums."""
    if not isinstance(value, RationalFunction):
        return
    for side, part in ((1, value.numerator), (-1, value.denominator)):
        for factor, exponent in part.factor_list()[1]:
            for step in STEPS:
                where = "" if side > 0 else " in the denominator"
                changed = value * _ratio(factor, factor.ring.one, side * step)
                yield f"{factor} to the power {exponent + step} for {exponent}{where}", changed
            if len(factor) > 1:
                for description, wrong in _changed_terms(factor):
                    yield f"{description} in {factor}{where}", value * _ratio(wrong, factor, side * exponent)


def _ratio(top: PolyElement, bottom: PolyElement, exponent: int) -> Coefficient:
    return lowest_terms(top**exponent, bottom**exponent) if exponent > 0 else _ratio(bottom, top, -exponent)


def _changed_terms(factor: PolyElement) -> Iterator[tuple[str, PolyElement]]:
    """Shift the exponent of each scalar in each term; a sum that vanishes then is no factor."""
    ring = factor.ring
    for powers, coefficient in factor.terms():
        term = ring.from_dict({powers: coefficient})
        for i, exponent in enumerate(powers):
            for step in STEPS if exponent else ():
                shifted = (*powers[:i], exponent + step, *powers[i + 1 :])
                changed = factor - term + ring.from_dict({shifted: coefficient})
                if changed:
                    yield f"{ring.symbols[i]} to the power {exponent + step} for {exponent} of {term}", changed
