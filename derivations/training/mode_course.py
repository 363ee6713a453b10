"""Wide two-layer linear networks with signals along principal axes: every mode follows a course in closed form.

With ``Sigma_xx = V lambda V^T`` and ``Sigma_yx = U s V^T`` the flow mixes, mode by mode, the weights of one input with
those of one output by a hyperbolic rotation, whose angle solves a Riccati equation.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, MatrixPolynomial, gradient, identity, time_derivative
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import drawn
from derivations.linear.closed_flow import COVARIANCES, Sigma_xx, Sigma_yx, loss_of
from derivations.training.agop_of_nfm import ASSUMPTIONS, W1, W2
from derivations.training.instance import taylor_weights, wide_start

tau: Final = sympy.Symbol("tau", real=True)
FORCE, VARIANCE, FIRST, SECOND, TIME, ALPHA, ROOT = sympy.symbols("s lambda s1 s2 t alpha r", positive=True)
ROTATION: Final = sympy.Matrix([[sympy.cosh(tau), sympy.sinh(tau)], [sympy.sinh(tau), sympy.cosh(tau)]])

H, E = Matrix("H", "c", "d"), Matrix("E", "c", "d")
U, V = Matrix("U", "c", "p"), Matrix("V", "d", "p")
s, h, e, lambda_ = (Matrix(name, "p", diagonal=True) for name in ("s", "h", "e", "lambda"))
a, b = Matrix("a", "k", "p"), Matrix("b", "k", "p")
MODES: Final = [(V.T * V, identity("p")), (U.T * U, identity("p"))]


def mode_course() -> Proof:
    """Derive the course of one mode, and its share of the features."""
    force, velocities = _flow_of_modes()
    if ROTATION.diff(tau) != sympy.Matrix([[0, 1], [1, 0]]) * ROTATION:
        raise DerivationError(f"a hyperbolic rotation must exchange the two weights, got {ROTATION.diff(tau)}")
    lengths, change = sympy.diag(FIRST, SECOND), ROTATION - sympy.eye(2)
    products = ROTATION * lengths * ROTATION.T
    moved, crossed = change * lengths * change.T, change * lengths * ROTATION.T
    F, reached, F_c, across = (
        sympy.factor(each) for each in (products[0, 0], products[1, 0], moved[0, 0], crossed[0, 1])
    )
    double = reached.subs(sympy.sinh(tau) * sympy.cosh(tau), sympy.sinh(2 * tau) / 2)
    if sympy.expand(sympy.expand_trig(double) - reached) != 0:
        raise DerivationError(f"a product of sinh and cosh must be half of sinh of the double angle, got {double}")
    speed = FORCE - VARIANCE * double
    u = sympy.Symbol("u", positive=True)
    riccati = sympy.expand(2 * u * speed.rewrite(sympy.exp).subs(tau, sympy.log(u) / 2))
    alpha = sympy.factor(-riccati.coeff(u, 2))
    in_alpha = sympy.expand(sympy.cancel(riccati.subs(VARIANCE, 2 * ALPHA / (FIRST + SECOND))))
    course = _solution(in_alpha, u)
    (end,) = (sympy.asinh(each) / 2 for each in sympy.solve(speed.subs(sympy.sinh(2 * tau), u), u))
    features = {"F": F, "G": reached**2, "F_c": F_c, "G_c": across**2}
    closed_form = {"tau'": speed, "alpha": alpha, "r": sympy.sqrt(FORCE**2 + ALPHA**2), "u": course}
    closed_form |= {**features, "tau at the end": end}
    names = {"tau'": r"\dot\tau", "alpha": r"\alpha", "tau at the end": r"\tau_\infty"}
    steps = (
        Step(
            "The loss sees the product $H = W_2 W_1$ alone: minus its derivative is $E$. In the modes, "
            "$\\Sigma_{xx} = V \\lambda V^\\top$, $\\Sigma_{yx} = U s V^\\top$ and $H = U h V^\\top$, it is diagonal.",
            (Equation("E", force), Equation("e", _in_modes(force), "e")),
            ("linear.closed_flow",),
        ),
        Step(
            "With $a = W_1 V$, the weights of the inputs of the modes, and $b = W_2^\\top U$, those of their outputs,",
            (
                Equation("da/dt", velocities[a], r"\dot a"),
                Equation("db/dt", velocities[b], r"\dot b"),
            ),
            ("gradient flow",),
        ),
        Step(
            "Each pair of columns is mixed by a hyperbolic rotation, $a = \\cosh\\tau\\, a_0 + \\sinh\\tau\\, b_0$, "
            "$b = \\sinh\\tau\\, a_0 + \\cosh\\tau\\, b_0$ with $\\dot\\tau = e$. At the start $|a_0|^2 = s_1$, "
            "$|b_0|^2 = s_2$ and $a_0 \\cdot b_0 = 0$, so that $h = a \\cdot b$ and the angle moves by",
            (Equation("h", reached), Equation("tau'", speed, names["tau'"])),
        ),
        Step(
            "For $u = e^{2\\tau}$ this is a Riccati equation. The ratio of the distances to its two fixed points "
            "decays exponentially; solve it from $u = 1$, with $\\alpha = \\lambda (s_1 + s_2) / 2$ and $r^2 = s^2 + "
            "\\alpha^2$.",
            (Equation("u'", riccati, r"\dot u"), Equation("u", course)),
        ),
        Step(
            "NFM, AGOP and their centered versions have the directions of the modes as eigenvectors; their eigenvalues "
            "are $|a|^2$, $(a \\cdot b)^2$, $|a - a_0|^2$ and $((a - a_0) \\cdot b)^2$.",
            tuple(Equation(name, value) for name, value in features.items()),
            ("definitions of the features",),
        ),
        Step("The angle comes to rest at", (Equation("tau at the end", end, names["tau at the end"]),)),
    )
    return Proof(steps, closed_form, _obligations, names, function=course_of_modes)


def _flow_of_modes() -> tuple[MatrixPolynomial, dict[Matrix, MatrixPolynomial]]:
    """Derive ``E``, and how the weights of the modes move."""
    force = -rewrite(gradient(loss_of(H), H), COVARIANCES)
    diagonal = {E: U * e * V.T}
    flow = {W1: (W2.T * E).subs(diagonal), W2: (E * W1.T).subs(diagonal)}
    columns = [(W1 * V, a), (W2.T * U, b)]
    velocities = {
        symbol: rewrite(rewrite(time_derivative(column, flow), MODES), columns)
        for symbol, column in ((a, W1 * V), (b, W2.T * U))
    }
    return force, velocities


def _in_modes(force: MatrixPolynomial) -> MatrixPolynomial:
    modes = {H: U * h * V.T, Sigma_xx: V * lambda_ * V.T, Sigma_yx: U * s * V.T}
    return rewrite(U.T * force.subs(modes) * V, MODES)


def _solution(riccati: sympy.Expr, u: sympy.Symbol) -> sympy.Expr:
    """Solve a quadratic flow from ``u = 1``, with ``r`` for the root in its fixed points and ``T = tanh(r t)``."""
    square, T = FORCE**2 + ALPHA**2, sympy.Symbol("T")
    low, high = (each.subs(sympy.sqrt(square), ROOT) for each in sympy.solve(riccati, u))
    factors = -ALPHA * (u - low) * (u - high)
    if sympy.expand((factors - riccati).subs(ROOT, sympy.sqrt(square))) != 0:
        raise DerivationError(f"the velocity must vanish at the fixed points alone, got {riccati}")
    rate = sympy.cancel((1 / (u - high) - 1 / (u - low)) * factors)
    decay = ((1 - T) / (1 + T)) ** sympy.cancel(-rate / (2 * ROOT))  # exp(-2 r t) is (1 - T) / (1 + T)
    ratio = ((u - high) / (u - low)).subs(u, 1) * decay
    top, bottom = sympy.fraction(sympy.cancel((high - low * ratio) / (1 - ratio)))
    solved = sympy.cancel(
        sympy.Mul(*(sympy.rem(part, ROOT**2 - square, ROOT) ** sign for part, sign in ((top, 1), (bottom, -1))))
    )
    top, bottom = (sympy.collect(sympy.expand(part), T) for part in sympy.fraction(solved))
    return (top / bottom).subs(T, sympy.tanh(ROOT * TIME))


def course_of_modes(
    s: Shaped[Any, " p"], lam: Shaped[Any, " p"], s1: float, s2: float, t: float, d: int
) -> dict[str, Any]:
    """Evaluate the angles of all modes and the alignments of the first layer at a time, among ``d`` inputs."""
    if s.shape != lam.shape or s.ndim != 1 or len(s) > d:
        raise DerivationError(f"s and lam must be vectors of one length up to d = {d}, got {s.shape} and {lam.shape}")
    claim = DERIVATIONS[0].closed_form
    angles = []
    for i in range(len(s)):
        values: dict[str, Any] = {"s": float(s[i]), "lambda": float(lam[i]), "s1": s1, "s2": s2, "t": t}
        for name in ("alpha", "r"):
            values[name] = float(evaluate_formula(claim[name], values))
        angles.append(math.log(float(evaluate_formula(claim["u"], values))) / 2)
    found = [
        {name: float(evaluate_formula(claim[name], {"tau": each, "s1": s1, "s2": s2})) for name in FEATURES}
        for each in angles
    ]
    found += [{"F": s1, "G": 0.0, "F_c": 0.0, "G_c": 0.0}] * (d - len(s))
    return {"tau": s * 0 + angles, "UC-NFA": _cosine(found, "F", "G"), "C-NFA": _cosine(found, "F_c", "G_c")}


def _cosine(modes: Sequence[Mapping[str, float]], first: str, second: str) -> float:
    mixed, one, other = (
        sum(each[x] * each[y] for each in modes) for x, y in ((first, second), (first,) * 2, (second,) * 2)
    )
    return mixed / math.sqrt(one) / math.sqrt(other) if min(one, other) > 0 else math.nan


SEED: Final = 71
FEATURES: Final = ("F", "G", "F_c", "G_c")


@lru_cache(maxsize=1)
def _one_mode(seed: int) -> dict[str, Any]:
    """Build a network of one mode at any angle: its velocity by samples, and its features, in ``u = exp(2 tau)``."""
    start, u = wide_start(1, 1, seed), sympy.Symbol("u", positive=True)
    cosh, sinh = ((sympy.sqrt(u) + sign / sympy.sqrt(u)) / 2 for sign in (1, -1))
    first, second = start.W1 * cosh + start.W2.T * sinh, start.W1.T * sinh + start.W2 * cosh
    x1, x2, m = (drawn(seed + i) for i in (8, 9, 10))
    variance = (x1**2 + x2**2) / 2
    alpha = variance * (start.s1 + start.s2) / 2
    s = alpha * (9 - m**2) / (6 * m)  # s^2 + alpha^2 is a square
    samples = sympy.Matrix([[x1], [x2]]), sympy.Matrix([[2 * s / x1], [0]])
    pulled = taylor_weights((first, second), samples, 1)
    speed = sympy.cancel(pulled[0][1][0] / second[0])
    across = (pulled[0][1] - speed * second.T, pulled[1][1] - speed * first.T)
    if any(sympy.cancel(entry) for each in across for entry in each):
        raise DerivationError("the weights of a mode must move along each other, got another direction")
    change = first - start.W1
    features = {"F": first.T * first, "G": (second * first) ** 2}
    features |= {"F_c": change.T * change, "G_c": (second * change) ** 2}
    return {
        "values": {FIRST: start.s1, SECOND: start.s2, FORCE: s, VARIANCE: variance},
        "alpha": alpha,
        "r": alpha * (9 + m**2) / (6 * m),
        "speed": speed,
        "features": {name: sympy.cancel(value[0]) for name, value in features.items()},
    }


@lru_cache(maxsize=64)
def _residuals_of_course(path: sympy.Expr, seed: int) -> dict[str, Residual]:
    """Start a claimed course of ``u`` where it must start, and put it into the velocity at a drawn time."""
    found, u = _one_mode(seed), sympy.Symbol("u", positive=True)
    path = path.subs({**found["values"], ALPHA: found["alpha"], ROOT: found["r"]})
    excess = (path.diff(TIME) - (2 * u * found["speed"]).subs(u, path)).subs(TIME, drawn(seed + 12))
    # The hyperbolic tangent of a rational number is transcendental: what is left must vanish for any value of it.
    values = {each: drawn(seed + 13 + i) for i, each in enumerate(sorted(excess.atoms(sympy.tanh), key=str))}
    return {"start": path.subs(TIME, 0) - 1, "velocity along the course": _exact(excess.xreplace(values))}


@lru_cache(maxsize=64)
def _residual_at_an_angle(name: str, claimed: sympy.Expr, seed: int) -> Residual:
    """Compare the velocity, or a feature, at a drawn angle."""
    found, u, here = _one_mode(seed), sympy.Symbol("u", positive=True), drawn(seed + 20)
    value = claimed.subs(found["values"]).rewrite(sympy.exp).subs(tau, sympy.log(here) / 2)
    return _exact(sympy.expand(value - {"tau'": found["speed"], **found["features"]}[name].subs(u, here)))


def _exact(residual: sympy.Expr) -> sympy.Rational:
    """Return a residual that is rational, as it is for a true claim; any other number is not zero."""
    return residual if residual.is_Rational else sympy.Integer(1)


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with a network of one mode, all of whose numbers are drawn, and put the course into its velocity."""
    found = _one_mode(SEED)
    at = {**found["values"], ALPHA: found["alpha"]}
    residuals = {name: _residual_at_an_angle(name, claimed[name], SEED) for name in ("tau'", *FEATURES)}
    residuals |= {name: _exact(claimed[name].subs(at) - found[name]) for name in ("alpha", "r")}
    end = sympy.expand(sympy.exp(2 * claimed["tau at the end"].subs(at).rewrite(sympy.log)))
    moving = found["speed"].subs(sympy.Symbol("u", positive=True), end)
    residuals["rest at the end"] = _exact(moving)
    return residuals | _residuals_of_course(claimed["u"], SEED)


DERIVATIONS: Final = (
    Derivation(
        name="training.mode_course",
        title="Wide linear networks: the course of every mode in closed form",
        wording="With $\\alpha = <<alpha>>$ and $r = <<r>>$ each mode has $e^{2\\tau} = <<u>>$. The eigenvalues are "
        "$<<F>>$ for $F$, $<<G>>$ for $G$, $<<F_c>>$ for $F_c$ and $<<G_c>>$ for $G_c$; inputs without a signal keep "
        "$s_1$, and zero. At the end $\\tau = <<tau at the end>>$.",
        assumptions=(
            ASSUMPTIONS[0],
            "Gradient flow of both layers at one rate on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$, no weight decay; "
            "multipliers are absorbed in the inputs.",
            "Signals along principal axes: $\\Sigma_{xx} = V \\lambda V^\\top$ and $\\Sigma_{yx} = U s V^\\top$.",
        ),
        source="Derived here from the flow of two linear layers",
        derive=mode_course,
        limits=(
            "Exact at every time for such a start; a mode with $s = 0$ stands still.",
            "Where the covariances do not commute the modes mix, and the flow is integrated.",
        ),
    ),
)
