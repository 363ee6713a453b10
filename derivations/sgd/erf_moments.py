"""Moments of a committee machine with ``phi(z) = erf(z / sqrt 2)``: every slope tilts the covariance of the fields.

Its slope ``sqrt(2/pi) exp(-z^2 / 2)`` is a Gaussian factor. One that belongs to the field ``z_i`` adds 1 to the
precision of that field, which is a covariance again, and what is left are means of values: arcsines.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache, partial, reduce
from typing import Any, Final, TypeAlias

import sympy

from derivations.activation_integrals import dual
from derivations.activation_integrals.definitions import c, q1, q2
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.power_series import multiply, power, relative
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import integer_matrix
from derivations.sgd.moments import SOURCE

FIELDS: Final = "ijbc"
"""Two fields that stand with their slopes, and two with their values."""
v_i, v_j, v_b, v_c = (sympy.Symbol(f"v_{each}", positive=True) for each in FIELDS)
"""Variances."""
c_ij, c_ib, c_ic, c_jb, c_jc, c_bc = sympy.symbols("c_ij c_ib c_ic c_jb c_jc c_bc", real=True)
"""Covariances."""
t_bb, t_cc = sympy.symbols("t_bb t_cc", positive=True)
t_bc: Final = sympy.Symbol("t_bc", real=True)
"""Tilted variances and covariance of the two values."""
PI: Final = Fraction(355, 113)
"""Any number may stand for pi where coefficients are compared: on both sides it is a factor in front."""
NAMES: Final = {
    "values": r"E[\phi_b \phi_c]",
    "slopes": r"E[\phi'_i \phi'_j]",
    "tilted": r"t_{bc}",
    "four": r"E[\phi'_i \phi'_j \phi_b \phi_c]",
    "bend": r"E[\phi''_i \phi_b]",
}


def erf_moments() -> Proof:
    """Tilt, and take the arcsine of what is left."""
    C = sympy.Matrix(
        [[v_i, c_ij, c_ib, c_ic], [c_ij, v_j, c_jb, c_jc], [c_ib, c_jb, v_b, c_bc], [c_ic, c_jc, c_bc, v_c]]
    )
    values = _values(v_b, v_c, c_bc)
    weight = 2 / sympy.pi / sympy.sqrt((sympy.eye(2) + C[:2, :2]).det())
    tilted = _tilted(C, 2)[2, 3]
    four = weight * _values(t_bb, t_cc, t_bc)
    once = _tilted(C.extract([0, 2], [0, 2]), 1)
    slope = sympy.sqrt(2 / sympy.pi)
    # phi'' = -z phi', and by parts E[z_i phi_b] is the covariance times E[phi'_b].
    bend = -slope / sympy.sqrt(1 + v_i) * once[0, 1] * slope / sympy.sqrt(1 + once[1, 1])
    closed_form = {"values": values, "slopes": weight, "tilted": tilted, "four": four, "bend": sympy.factor(bend)}
    steps = (
        Step(
            "Means of two values are arcsines.",
            (Equation("values", values, NAMES["values"]),),
            ("wide.dual_erf",),
        ),
        Step(
            "Two slopes are the factor $(2/\\pi)\\, e^{-(z_i^2 + z_j^2)/2}$: they add 1 to two diagonal entries of the "
            "precision. The determinant of the tilt is their mean.",
            (Equation("slopes", weight, NAMES["slopes"]), Equation("tilted", tilted, NAMES["tilted"])),
            ("completing the square",),
        ),
        Step(
            "Values that stand beside two slopes have the arcsine of the tilted covariance; $t_{bb}$ and $t_{cc}$ are "
            "$t_{bc}$ with one field twice, and $i = j$ is allowed.",
            (Equation("four", four, NAMES["four"]),),
        ),
        Step(
            "$\\phi'' = -z \\phi'$: one tilt, and one integration by parts.",
            (Equation("bend", closed_form["bend"], NAMES["bend"]),),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


def _values(first: sympy.Expr, second: sympy.Expr, covariance: sympy.Expr) -> sympy.Expr:
    """Return the dual of erf for fields over the root of 2."""
    halves = {q1: first / 2, q2: second / 2, c: covariance / 2}
    return dual("erf").expression.subs(halves, simultaneous=True)


def _tilted(C: sympy.Matrix, count: int) -> sympy.Matrix:
    """Return the covariance whose precision has 1 more for each of the first fields."""
    first = C[:, :count]
    tilted = C - first * (sympy.eye(count) + C[:count, :count]).inv() * first.T
    return tilted.applyfunc(lambda entry: sympy.factor(entry))


Series: TypeAlias = list[Any]
ORDER: Final = 3
"""Highest power of the fields' size to which both sides are compared; the values of two fields begin at the first."""
_ring, *_x = sympy.ring("x1:5", sympy.QQ)


@lru_cache(maxsize=2)
def _truth(seed: int) -> tuple[sympy.Matrix, dict[str, Series]]:
    """Average products of the power series of erf and of its derivatives, over ``2/pi`` each pair.

    Returns the covariance and coefficients of powers of its size.
    """
    rows = integer_matrix(4, 4, seed)
    z = [sum((rows[i, j] * _x[j] for j in range(4)), _ring.zero) for i in range(4)]
    value, slope, bend = (
        [sum((each**power * weight for power, weight in series.items()), _ring.zero) for each in z]
        for series in _SERIES
    )
    products = {
        "values": value[2] * value[3],
        "slopes": slope[0] * slope[1],
        "four": _low(_low(value[2] * value[3]) * _low(slope[0] * slope[1])),
        "one field twice": _low(_low(value[2] * value[3]) * _low(slope[0] * slope[0])),
        "bend": bend[0] * value[2],
    }
    return rows * rows.T, {name: _by_power(product) for name, product in products.items()}


_SERIES: Final = (
    {1: sympy.QQ(1), 3: sympy.QQ(-1, 6), 5: sympy.QQ(1, 40)},
    {0: sympy.QQ(1), 2: sympy.QQ(-1, 2), 4: sympy.QQ(1, 8), 6: sympy.QQ(-1, 48)},
    {1: sympy.QQ(-1), 3: sympy.QQ(1, 2), 5: sympy.QQ(-1, 8)},
)
"""``erf(z / sqrt 2)`` over ``sqrt(2/pi)`` and its derivatives, as far as degree ``2 ORDER`` sees."""


def _low(polynomial: Any) -> Any:
    """Leave out what is above the highest power."""
    return _ring.from_dict({powers: value for powers, value in polynomial.terms() if sum(powers) <= 2 * ORDER})


def _by_power(polynomial: Any) -> Series:
    """Average homogeneous parts: fields of size ``sqrt(eps)`` give ``eps`` to half their degree."""
    parts = [{powers: v for powers, v in polynomial.terms() if sum(powers) == 2 * order} for order in range(ORDER + 1)]
    means = [normal_mean(_ring.from_dict(part)) if part else sympy.Integer(0) for part in parts]
    return [Fraction(int(each.p), int(each.q)) for each in means]


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare power by power with averages of power series, for small fields of two covariances."""
    residuals: dict[str, Residual] = {}
    for seed in (41, 42):
        covariance, truth = _truth(seed)
        for name, true in truth.items():
            try:
                found = _claimed(closed_form, name, covariance)
            except DerivationError:  # no power series: not these moments
                found = [other + 1 for other in true]
            residuals[f"{name}, covariance {seed}"] = sum(
                (one - other) ** 2 for one, other in zip(found, true, strict=True)
            )
    return residuals


def _claimed(closed_form: Mapping[str, Any], name: str, covariance: sympy.Matrix) -> Series:
    """Expand a quantity over powers of ``2/pi``."""
    fields = (0, 0, 2, 3) if name == "one field twice" else (0, 1, 2, 3)
    at = _linear(covariance, fields)
    if name not in ("four", "one field twice"):
        return [each * PI / 2 for each in expand(closed_form[name], at)]
    tilts = {"t_bb": (2, 2), "t_cc": (3, 3), "t_bc": (2, 3)}
    for symbol, values in tilts.items():
        at[symbol] = expand(closed_form["tilted"], _linear(covariance, (*fields[:2], *values)))
    return [each * PI**2 / 4 for each in expand(closed_form["four"], at)]


def _linear(covariance: sympy.Matrix, fields: tuple[int, ...]) -> dict[str, Series]:
    """Let variances and covariances of chosen fields grow with the size."""
    C = covariance.extract(fields, fields)
    entries = {f"v_{each}": C[i, i] for i, each in enumerate(FIELDS)}
    entries |= {f"c_{FIELDS[i]}{FIELDS[j]}": C[i, j] for i in range(4) for j in range(i + 1, 4)}
    return {name: [Fraction(0), Fraction(int(value)), *[Fraction(0)] * (ORDER - 1)] for name, value in entries.items()}


def expand(formula: sympy.Expr, at: Mapping[str, Series]) -> Series:
    """Expand an expression of arcsines and roots in power series, exactly.

    Examples
    --------
    >>> expand(sympy.sqrt(1 + sympy.Symbol("v_i")), {"v_i": [Fraction(each) for each in (0, 2, 0, 0)]})
    [Fraction(1, 1), Fraction(1, 1), Fraction(-1, 2), Fraction(1, 2)]
    """
    if formula.is_Symbol:
        return list(at[formula.name])
    if formula.is_Number or formula == sympy.pi:
        exact = sympy.Rational(formula) if formula.is_Number else None
        number = PI if exact is None else Fraction(int(exact.p), int(exact.q))
        return [number, *[Fraction(0)] * ORDER]
    parts = [expand(each, at) for each in formula.args]
    if formula.is_Add:
        return [sum(each, Fraction(0)) for each in zip(*parts, strict=True)]
    if formula.is_Mul:
        return list(reduce(partial(multiply, order=ORDER), parts))
    if formula.is_Pow:
        return _raised(parts[0], parts[1][0])
    if formula.func is sympy.asin and parts[0][0] == 0:
        cube = _raised(parts[0], Fraction(3))
        return [one + other / 6 for one, other in zip(parts[0], cube, strict=True)]
    raise DerivationError(f"there must be a power series with rational coefficients, got {formula}")


def _raised(series: Series, exponent: Fraction) -> Series:
    """Raise to an integer or half-integer power."""
    if exponent.denominator == 1 and exponent >= 0:
        one = [Fraction(1), *[Fraction(0)] * ORDER]
        return list(reduce(partial(multiply, order=ORDER), [series] * int(exponent), one))
    front = sympy.Rational(*series[0].as_integer_ratio()) ** sympy.Rational(*exponent.as_integer_ratio())
    if not front.is_Rational or front == 0:
        raise DerivationError(f"a root must begin with the square of a rational number, got {series[0]}")
    return [each * Fraction(int(front.p), int(front.q)) for each in power(relative(series), exponent)]


DERIVATIONS: Final = (
    Derivation(
        name="sgd.erf_moments",
        title="Moments of erf fields: tilts and arcsines",
        wording="For Gaussian fields of variances $v$ and covariances $c$ the mean of two values is $<<values>>$, "
        "that of two slopes $<<slopes>>$, and that of two values beside two slopes $<<four>>$, with the tilted "
        "covariance $t_{bc} = <<tilted>>$.",
        assumptions=("Centered Gaussian fields.",),
        source=SOURCE,
        derive=erf_moments,
        limits=("Exact; $i = j$ and $b = c$ are allowed.",),
    ),
)
