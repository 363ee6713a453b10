"""Data that break the early alignment: two directions whose label strengths and frequencies disagree.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271) show data on which the ansatz fails at early times. Here the
alignment of a wide quadratic network on such data is derived, with its minimum, and with isotropic noise.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import cosine_traces, drawn, orthogonal_matrix
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.leading_order import d

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: "
    "data that break the alignment; the construction and the formulas are derived here"
)
U: Final = Matrix("U", d, 2)
alpha: Final = Matrix("alpha", 2, diagonal=True, latex=r"\alpha")
beta: Final = Matrix("beta", 2, diagonal=True, latex=r"\beta")
shift, noise = Scalar("v_A"), Scalar("v_B")
a, b, p, q, v = sympy.symbols("a b p q v", positive=True)
ratio_of_strengths, tau = sympy.symbols("x tau", positive=True)
LATEX: Final = {"C-NFA": r"\rho(F_c, G_c)", "worst": r"(b/a)_{\min}", "minimum": r"\rho_{\min}"}


def moments() -> tuple[MatrixPolynomial, MatrixPolynomial]:
    """Return ``A`` and ``B`` of two orthonormal directions (columns of ``U``) and isotropic noise."""
    return U * alpha * U.T + identity(d) * shift, U * beta * U.T + identity(d) * noise


def wide_alignment() -> AlignmentRatio:
    """Return the C-NFA of an infinitely wide network on these moments."""
    A, B = moments()
    return alignment_of(A * A, A * B * A).map(lambda part: rewrite(part, [(U.T * U, identity(2))]))


def in_strengths(part: TracePolynomial) -> sympy.Expr:
    """Replace traces of diagonal 2 x 2 matrices by sums over the two directions, without noise."""
    noiseless = part.subs({shift: 0 * shift, noise: 0 * noise})
    powers = [(i, j) for i in range(5) for j in range(3) if i + j]
    return noiseless.as_sympy({tr(alpha**i * beta**j): a**i * p**j + b**i * q**j for i, j in powers})


def two_directions() -> Proof:
    """Derive the C-NFA without noise and its minimum over the strengths."""
    rho = wide_alignment().map(in_strengths)
    square = _squared(rho)
    slope = sympy.factor(sympy.together(sympy.cancel(square).diff(ratio_of_strengths)))
    (worst,) = sympy.solve(sympy.numer(slope), ratio_of_strengths)
    minimum = sympy.simplify(sympy.sqrt(sympy.factor(sympy.cancel(square.subs(ratio_of_strengths, worst)))))
    steps = (
        Step(
            "Without noise $A = U \\alpha U^\\top$ and $B = U \\beta U^\\top$ with $U^\\top U = I$, "
            "$\\alpha = \\operatorname{diag}(a, b)$ and $\\beta = \\operatorname{diag}(p, q)$. Insert them.",
            (Equation("C-NFA", rho, LATEX["C-NFA"]),),
            ("quadratic.infinite_width",),
        ),
        Step(
            "With $x = b / a$ and $\\tau = q / p$, solve for where the derivative of $\\rho^2$ vanishes. There is one "
            "positive root; at $x = 0$ and $x = \\infty$ the alignment is 1, so the root is the minimum.",
            (Equation("slope", slope, r"\partial \rho^2 / \partial x"), Equation("worst", worst, LATEX["worst"])),
            ("stationarity",),
        ),
        Step(
            "The value there goes to 0 as the frequencies part, $\\tau \\to 0$.",
            (Equation("minimum", minimum, LATEX["minimum"]),),
        ),
    )
    return Proof(steps, {"C-NFA": rho, "worst": worst, "minimum": minimum}, _obligations_of_two_directions, LATEX)


def _squared(rho: AlignmentRatio) -> Any:
    """Return the squared alignment as a function of ``x = b / a`` and ``tau = q / p``."""
    parts: Any = rho
    return (parts.numerator**2 / (parts.first * parts.second)).subs({b: ratio_of_strengths * a, q: tau * p})


VALUES: Final = {a: drawn(1), b: -drawn(2), p: drawn(3), q: drawn(4), v: drawn(5)}
"""Numbers in general position: no polynomial of them vanishes by chance."""


@cache
def _entries(size: int) -> tuple[sympy.Matrix, sympy.Matrix]:
    """Return ``A A`` and ``A B A`` for noisy directions in some dimension."""
    frame = orthogonal_matrix(size, seed=4)
    outer = [frame[:, i] * frame[:, i].T for i in range(2)]
    noisy = [each + VALUES[v] * sympy.eye(size) for each in outer]  # E x x^T in each cluster
    labels, shares = (VALUES[a] / VALUES[p], VALUES[b] / VALUES[q]), (VALUES[p], VALUES[q])
    B = shares[0] * noisy[0] + shares[1] * noisy[1]
    A = shares[0] * labels[0] * noisy[0] + shares[1] * labels[1] * noisy[1]
    return A * A, A * B * A


def _obligations_of_two_directions(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Insert numbers, and compare the alignment with its claimed minimum near it."""
    rho, worst, minimum = (closed_form[name] for name in ("C-NFA", "worst", "minimum"))
    frame = orthogonal_matrix(3, seed=4)[:, :2]
    A, B = (frame * sympy.diag(VALUES[i], VALUES[j]) * frame.T for i, j in ((a, b), (p, q)))
    square = _squared(rho)
    nearby = sympy.log(square).diff(ratio_of_strengths).subs(ratio_of_strengths, worst)
    return {
        **rho.residuals(lambda part: part.subs(VALUES), cosine_traces(A * A, A * B * A)),
        "the strengths are positive": sympy.Integer(0 if worst.subs(tau, 2).is_positive else 1),
        "the alignment is stationary": sympy.simplify(nearby),
        "the alignment takes the value": sympy.simplify(square.subs(ratio_of_strengths, worst) - minimum**2),
        "the value is positive": sympy.Integer(0 if minimum.subs(tau, sympy.Rational(1, 2)).is_positive else 1),
        "the value is 1 for equal frequencies": minimum.subs(tau, 1) - 1,
        "the value goes to 0": sympy.limit(minimum, tau, 0),
    }


def noisy_mixture() -> Proof:
    """Derive the C-NFA when isotropic Gaussian noise is added to the inputs."""
    u = Matrix("u", d, 1)
    variance = Scalar("v")
    x = GaussianMatrix("x", d, 1, row_covariance=identity(d) * variance, mean=u)
    cluster = expect(x * x.T, over=[x])
    added = {"v_A": p * (a / p) * v + q * (b / q) * v, "v_B": p * v + q * v}
    rho = wide_alignment()
    strong = _square_at_strong_noise(rho)
    steps = (
        Step(
            "A sample of a cluster is $\\pm u$ plus noise of variance $v$; its second moment does not see the sign.",
            (Equation("E x x^T", cluster, r"E\,x x^\top"),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "Sum over the clusters with shares $p$, $q$ and labels $a/p$, $b/q$: noise adds $v_A$ to each eigenvalue "
            "of $A$ and $v_B$ to each of $B$.",
            (
                *(Equation(name, each) for name, each in added.items()),
                *(Equation(name, each) for name, each in zip("AB", moments(), strict=True)),
                Equation("C-NFA", rho, LATEX["C-NFA"]),
            ),
            ("quadratic.infinite_width",),
        ),
        Step(
            "Without noise this is the alignment of two directions; strong noise makes both moments isotropic.",
            (Equation("strong noise", strong, r"\lim_{v \to \infty} \rho^2"),),
        ),
    )
    return Proof(steps, {**added, "C-NFA": rho}, _obligations_of_noisy_mixture, LATEX, _mixture_function(added, rho))


def _square_at_strong_noise(rho: AlignmentRatio) -> sympy.Expr:
    """Keep the highest powers of the noise: ``v_A = c v`` and ``v_B = v`` with ``v`` to infinity."""
    sizes = {"v_A": v * sympy.Symbol("c"), "v_B": v}
    leading = rho.map(lambda part: sympy.Poly(part.as_sympy().subs(sizes), v).LC())
    return sympy.cancel(leading.numerator**2 / (leading.first * leading.second))


def _mixture_function(added: Mapping[str, sympy.Expr], rho: AlignmentRatio) -> Any:
    pairs = {"alpha": ("a", "b"), "beta": ("p", "q")}

    def function(**values: Any) -> dict[str, Any]:
        known = {**values, **{name: evaluate_formula(each, values) for name, each in added.items()}}
        known |= {name: np.diag([values[i], values[j]]) for name, (i, j) in pairs.items()}
        return {"C-NFA": evaluate_formula(rho, known)}

    return function


def _obligations_of_noisy_mixture(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Insert numbers into the sums over clusters."""
    added = {name: closed_form[name].subs(VALUES) for name in ("v_A", "v_B")}
    diagonals = {"alpha": sympy.diag(VALUES[a], VALUES[b]), "beta": sympy.diag(VALUES[p], VALUES[q])}
    residuals: dict[str, Residual] = {}
    for size in (3, 4, 6):
        at = TermwiseValue({**diagonals, **added, "d": size})
        residuals |= closed_form["C-NFA"].residuals(at, cosine_traces(*_entries(size)), f"C-NFA, {size} inputs")
    return residuals


WIDE: Final = "An infinitely wide quadratic network that starts at 0; leading order in time."

DERIVATIONS: Final = (
    Derivation(
        name="data.two_directions",
        title="Two directions that break the alignment",
        wording="Two orthogonal directions with label-weighted strengths $a, b$ and frequencies $p, q$ "
        "have the C-NFA $<<C-NFA>>$. Over $b/a$ it is least at $<<worst>>$, where it is $<<minimum>>$ with "
        "$\\tau := q/p$, which goes to 0.",
        assumptions=(
            WIDE,
            "$A = a\\, u u^\\top + b\\, v v^\\top$ and $B = p\\, u u^\\top + q\\, v v^\\top$, $u \\perp v$.",
        ),
        source=SOURCE,
        derive=two_directions,
        limits=("Strengths of either sign; only $|b/a|$ matters.",),
    ),
    Derivation(
        name="data.noisy_mixture",
        title="The breaking mixture with isotropic noise",
        wording="With isotropic noise of variance $v$ in the inputs, the eigenvalues of $A$ gain $<<v_A>>$ "
        "and those of $B$ gain $<<v_B>>$. The C-NFA goes from its value for two directions at $v = 0$ to 1 "
        "as $v \\to \\infty$.",
        assumptions=(WIDE, "Infinitely many samples; labels $a/p$ and $b/q$ by cluster; $a + b$ is not 0."),
        source=SOURCE,
        derive=noisy_mixture,
        limits=("The number $d$ of inputs matters once there is noise.",),
    ),
)
