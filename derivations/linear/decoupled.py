"""Two linear layers from a decoupled start: every mode grows on its own, and both alignments are known at all times.

With ``Sigma_xx = V lambda V^T``, ``Sigma_yx = U s V^T``, ``W_1 = R sqrt(u) V^T`` and ``W_2 = U sqrt(u) R^T``
(orthonormal columns, diagonal strengths) the flow keeps the singular vectors and moves the strengths ``u``.

Saxe, McClelland and Ganguli (2014), decoupled initial conditions and their logistic time course, for ``lambda = 1``.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, identity, time_derivative, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import Sigma_xx, Sigma_yx, gradient_flow, layers
from derivations.linear.decoupled_instance import decoupled_instance, true_traces, true_velocities
from derivations.linear.instance import t

p: Final = Scalar("p")
U: Final = Matrix("U", "c", p)
V: Final = Matrix("V", "d", p)
R: Final = Matrix("R", "k1", p)
s: Final = Matrix("s", p, diagonal=True)
lambda_: Final = Matrix("lambda", p, diagonal=True, latex=r"\lambda")
a: Final = Matrix("a", p, diagonal=True)
b: Final = Matrix("b", p, diagonal=True)
delta: Final = Matrix("delta", p, diagonal=True, latex=r"\delta")
u: Final = Matrix("u", p, diagonal=True)
g: Final = Matrix("g", p, diagonal=True)
ORTHONORMAL: Final = [(each.T * each, identity(p)) for each in (U, V, R)]
STRENGTH, INITIAL, FORCE, VARIANCE = sympy.symbols("u u0 s lambda", positive=True)


def mode_velocities() -> tuple[MatrixPolynomial, MatrixPolynomial]:
    """Derive how the strengths of the two layers move."""
    W1, W2 = layers(2)
    start = {W1: R * b * V.T, W2: U * a * R.T, Sigma_xx: V * lambda_ * V.T, Sigma_yx: U * s * V.T}
    flow = {weight: rewrite(each.subs(start), ORTHONORMAL) for weight, each in gradient_flow((W1, W2)).items()}
    # With orthonormal columns, projection on both sides inverts W_1 = R b V^T.
    b_dot = rewrite(R.T * flow[W1] * V, ORTHONORMAL)
    a_dot = rewrite(U.T * flow[W2] * R, ORTHONORMAL)
    if flow[W1] != R * b_dot * V.T or flow[W2] != U * a_dot * R.T:
        raise DerivationError("the flow must keep the singular vectors, got other directions")
    return b_dot, a_dot


def strength_velocity() -> MatrixPolynomial:
    """Derive the flow of ``u = a b`` for equal strengths of both layers."""
    b_dot, a_dot = mode_velocities()
    return rewrite(time_derivative(a * b, {a: a_dot, b: b_dot}).subs({a: b}), [(b * b, u)])


def strength() -> sympy.Expr:
    """Solve the flow of one strength: it is linear for ``1/u``."""
    traces = {tr(each.subs({p: 1})): symbol for each, symbol in ((u, STRENGTH), (s, FORCE), (lambda_, VARIANCE))}
    velocity = tr(strength_velocity().subs({p: 1})).as_sympy(traces)
    inverse = sympy.Function("v")(t)
    linear = sympy.expand((-velocity / STRENGTH**2).subs(STRENGTH, 1 / inverse))
    solution = sympy.dsolve(sympy.Eq(inverse.diff(t), linear), inverse, ics={inverse.subs(t, 0): 1 / INITIAL})
    decayed = sympy.expand(sympy.expand(solution.rhs))
    return FORCE * INITIAL / sympy.collect(sympy.expand(FORCE * INITIAL * decayed), sympy.exp(-2 * FORCE * t))


def exact_alignments() -> Proof:
    """Derive both alignments of the first layer at all times."""
    b_dot, a_dot = mode_velocities()
    logistic = strength_velocity()
    of_time = strength()
    W1, W2 = R * b * V.T, U * b * R.T
    dW = R * delta * V.T
    K = _folded(W2.T * W2)
    F, G, F_c, G_c = (_folded(each) for each in (W1.T * W1, W1.T * K * W1, dW.T * dW, dW.T * K * dW))
    UC, C = (alignment_of(*pair).map(lambda part: rewrite(part, ORTHONORMAL)) for pair in ((F, G), (F_c, G_c)))
    moved = (sympy.sqrt(STRENGTH) - sympy.sqrt(INITIAL)) ** 2
    early = sympy.factor(sympy.limit(moved.subs(STRENGTH, of_time) / t**2, t, 0))
    no_force = sympy.limit(of_time, FORCE, 0)
    steps = (
        Step(
            "Insert $W_1 = R b V^\\top$, $W_2 = U a R^\\top$, $\\Sigma_{xx} = V \\lambda V^\\top$ and $\\Sigma_{yx} = "
            "U s V^\\top$ into the flow. It has the same singular vectors, so that only the diagonal strengths move.",
            (Equation("db/dt", b_dot, r"\dot b"), Equation("da/dt", a_dot, r"\dot a")),
            ("linear.closed_flow",),
        ),
        Step(
            "Layers of equal strength stay so, and $u = a b$ follows a logistic equation.",
            (Equation("du/dt", logistic, r"\dot u"),),
        ),
        Step(
            "For $1/u$ it is linear. Solve it, mode by mode.",
            (Equation("u(t)", of_time), Equation("u(t) at s = 0", no_force, r"u(t)|_{s=0}")),
            ("linear differential equation of first order",),
        ),
        Step(
            "NFM and AGOP of the first layer have the same eigenvectors.",
            (Equation("F", F), Equation("G", G), Equation("UC-NFA", UC, r"\rho(F, G)")),
            ("definition of the alignment",),
        ),
        Step(
            "The first layer changes by $\\Delta W = R \\delta V^\\top$ with $\\delta = \\sqrt{u} - \\sqrt{u_0}$; "
            "write $g = \\delta^2$.",
            (
                Equation("g", moved),
                Equation("F_c", F_c),
                Equation("G_c", G_c),
                Equation("C-NFA", C, r"\rho(F_c, G_c)"),
            ),
        ),
        Step("At early times $g$ is proportional to this.", (Equation("g/t^2", early, r"\lim_{t\to 0} g/t^2"),)),
    )
    closed_form: dict[str, Any] = {
        "u": of_time,
        "u at s = 0": no_force,
        "g": moved,
        "g/t^2 at t = 0": early,
        "UC-NFA": UC,
        "C-NFA": C,
    }
    names = {"u at s = 0": "u|_{s=0}", "g/t^2 at t = 0": r"g/t^2|_{t=0}", "UC-NFA": r"\rho(F, G)"}
    return Proof(steps, closed_form, _obligations, names | {"C-NFA": r"\rho(F_c, G_c)"}, function=alignments_at)


def _folded(matrix: MatrixPolynomial) -> MatrixPolynomial:
    """Remove singular vectors first; then diagonal matrices are neighbors, and their squares have names."""
    return rewrite(rewrite(matrix, ORTHONORMAL), [(b * b, u), (delta * delta, g)])


def alignments_at(s: Shaped[Any, "p"], u0: Shaped[Any, "p"], t: float, lam: Any = 1.0) -> dict[str, Any]:
    """Evaluate strengths and alignments of the first layer at a time."""
    if s.shape != u0.shape or s.ndim != 1:
        raise DerivationError(f"s and u0 must be vectors of one length, got shapes {s.shape} and {u0.shape}")
    claim = DERIVATIONS[0].closed_form
    variances = s * 0 + lam
    modes = [
        {"s": float(s[i]), "u0": float(u0[i]), "t": float(t), "lambda": float(variances[i])} for i in range(len(s))
    ]
    strengths = [float(evaluate_formula(claim["u" if mode["s"] else "u at s = 0"], mode)) for mode in modes]
    moved = "g" if t else "g/t^2 at t = 0"
    squares = [
        float(evaluate_formula(claim[moved], {**mode, "u": value}))
        for mode, value in zip(modes, strengths, strict=True)
    ]
    values = {"u": _diagonal(u0, strengths), "g": _diagonal(u0, squares)}
    found = {name: evaluate_formula(claim[name], values) for name in ("UC-NFA", "C-NFA")}
    return {"u": values["u"].sum(axis=0), **found}


def _diagonal(like: Any, entries: list[float]) -> Any:
    """Write numbers on the diagonal of an array of the kind of ``like``."""
    rows = like[:, None] * like[None, :] * 0.0  # strengths may be whole numbers, the entries are not
    for i, entry in enumerate(entries):
        rows[i, i] = entry
    return rows


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Follow a concrete network: its velocities at every time, and its features at two times."""
    residuals: dict[str, Residual] = {}
    for i, (values, velocity) in enumerate(zip(decoupled_instance()["values"], true_velocities(), strict=True)):
        numbers = {symbol: values[symbol.name] for symbol in (FORCE, VARIANCE, INITIAL)}
        path = claimed["u"].subs(numbers)
        residuals[f"start of mode {i + 1}"] = path.subs(t, 0) - numbers[INITIAL]
        # d sqrt(u)/dt = q' at q = sqrt(u), multiplied by 2 sqrt(u); q' is odd in q, so no root is left.
        own = decoupled_instance()["q"][i, i]
        speed = sympy.expand(2 * own * velocity).subs(own, sympy.sqrt(STRENGTH))
        residuals[f"velocity of mode {i + 1}"] = _rational(path.diff(t) - speed.subs(STRENGTH, path))
        limit = claimed["u at s = 0"].subs(numbers)
        without = sympy.expand(speed - 2 * numbers[FORCE] * STRENGTH)
        residuals[f"start of mode {i + 1} without force"] = limit.subs(t, 0) - numbers[INITIAL]
        residuals[f"mode {i + 1} without force"] = _rational(limit.diff(t) - without.subs(STRENGTH, limit))
        q_dot = velocity.subs(own, sympy.sqrt(numbers[INITIAL]))
        residuals[f"early change of mode {i + 1}"] = claimed["g/t^2 at t = 0"].subs(numbers) - q_dot**2
    return {**residuals, **_obligations_of_traces(claimed)}


def _obligations_of_traces(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    truth = true_traces()
    squares = [claimed["g"].subs({STRENGTH: x, INITIAL: y}) for x, y in zip(truth["now"], truth["before"], strict=True)]
    at = TermwiseValue({"u": sympy.diag(*truth["now"]), "g": sympy.diag(*squares), "p": len(squares)})
    residuals: dict[str, Residual] = {f"g of mode {i + 1}": each - truth["g"][i] for i, each in enumerate(squares)}
    for name in ("UC-NFA", "C-NFA"):
        residuals |= claimed[name].residuals(at, truth[name], name)
    return residuals


def _rational(expression: sympy.Expr) -> sympy.Expr:
    """Bring an expression that is rational in an exponential over one denominator."""
    return sympy.cancel(sympy.together(expression.rewrite(sympy.exp)))


DERIVATIONS: Final = (
    Derivation(
        name="linear.decoupled_alignments",
        title="Decoupled linear layers: both alignments at all times",
        wording="The mode strengths follow the logistic curve $u = <<u>>$. With diagonal matrices of them "
        "and of $g = <<g>>$, $\\rho(F, G) = <<UC-NFA>>$ and $\\rho(F_c, G_c) = <<C-NFA>>$.",
        assumptions=(
            "Two linear layers; gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$.",
            "$\\Sigma_{xx} = V \\lambda V^\\top$ on the modes (whitened inputs: $\\lambda = 1$), $\\Sigma_{yx} = "
            "U s V^\\top$, and initial weights $W_1 = R \\sqrt{u_0} V^\\top$, $W_2 = U \\sqrt{u_0} R^\\top$.",
        ),
        source="Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear "
        "neural networks, 2014 (logistic mode strengths); the alignments are derived here",
        derive=exact_alignments,
        limits=(
            "Exact at every time; a mode with $s = 0$ decays as the limit says.",
            "As $t \\to \\infty$, $u \\to s / \\lambda$.",
        ),
    ),
)
