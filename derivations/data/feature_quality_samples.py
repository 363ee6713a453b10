"""What finitely many samples do to the early features of a low-rank quadratic teacher: the first correction.

The AGOP of a wide network is proportional to ``A_n B_n A_n``. Fluctuations turn its top eigenspace away from that of
the teacher; what is lost is the sum, over directions inside and outside, of squared entries over squared gaps.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.data.feature_quality import SOURCE, WIDE, population, q, tau
from derivations.data.feature_quality_instance import TEACHERS, entrywise_fluctuation, second_order_overlap
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.judging.gaussian import normal_mean

square, noise = sympy.symbols("s_2 v")
m, g_i, g_j = sympy.symbols("m g_i g_j")
LATEX: Final = {
    "pair": r"\mathrm{loss}_{ij}",
    "fluctuation": r"n\, E\,(v_i^\top \delta G\, v_j)^2",
    "share": r"n\, E\,\mathrm{loss}_{ij}",
    "traceless": r"n\, E\,\mathrm{loss}_{ij}|_{\tau = 0}",
}


def finite_samples() -> Proof:
    """Derive the expected loss of overlap for a pair of directions."""
    pair = lost_by_a_pair()
    fluctuation = fluctuation_of_a_pair()
    gap: Any = population().closed_form["gap"]
    share = sympy.factor(fluctuation / gap**2)
    traceless = sympy.apart(sympy.cancel(share.subs(tau, 0)), q)
    steps = (
        Step(
            "Perturb the levels $g_i > g_j$ of a pair of eigenvectors by a matrix with the entry $m$ between them. "
            "The projector on the upper one loses, to second order:",
            (Equation("pair", pair, LATEX["pair"]),),
            ("second-order perturbation of an eigenspace: pairs inside and outside add up",),
        ),
        Step(
            "Let $v_i$ be a direction of the teacher with eigenvalue $q$ and $v_j$ one outside. To the entry of "
            "$A B A$ one sample adds $(\\alpha_i + \\alpha_j) y + \\alpha_i \\alpha_j$ times "
            "$(v_i \\cdot x)(v_j \\cdot x)$, with $\\alpha_i = \\tau + 2q$ and $\\alpha_j = \\tau$. Average the "
            "square; $s_2 = \\operatorname{tr} Q^2$ and $v$ is the variance of the noise.",
            (Equation("fluctuation", fluctuation, LATEX["fluctuation"]),),
            ("Gaussian moments", "independent samples"),
        ),
        Step(
            "Divide by the square of the gap. The overlap of the top $r$ directions with the teacher is "
            "$1 - \\frac{d - r}{r n} \\sum_i$ of this, over the directions of the teacher.",
            (Equation("share", share, LATEX["share"]), Equation("traceless", traceless, LATEX["traceless"])),
            ("data.feature_quality",),
        ),
    )
    closed_form = {"pair": pair, "fluctuation": fluctuation, "share": share, "traceless": traceless}
    return Proof(steps, closed_form, _obligations, LATEX, _function(share))


def lost_by_a_pair() -> sympy.Expr:
    """Expand the overlap of the upper eigenvector of a 2 x 2 matrix with its unperturbed direction."""
    s, level, a, b = sympy.symbols("s lambda a b")
    gap = sympy.Symbol("gap", positive=True)
    G = sympy.Matrix([[gap + s * a, s * m], [s * m, s * b]])
    roots = sympy.solve(G.charpoly(level).as_expr(), level)
    lower, upper = sorted(roots, key=lambda root: sympy.simplify(root.subs(s, 0) / gap))
    projector = (G - lower * sympy.eye(2)) / (upper - lower)
    lost = (1 - projector[0, 0]).diff(s, 2).subs(s, 0) / 2
    return sympy.simplify(lost).subs(gap, g_i - g_j)


def fluctuation_of_a_pair() -> sympy.Expr:
    """Average the squared contribution of one sample to the entry of ``A B A`` between two directions."""
    inside, outside, rest = sympy.symbols("x_i x_j z")
    label = q * inside**2 + rest  # the rest of the teacher and the noise do not depend on these two directions
    alpha_i, alpha_j = tau + 2 * q, tau
    entry = ((alpha_i + alpha_j) * label + alpha_i * alpha_j) * inside * outside
    averaged = sympy.Poly(normal_mean(sympy.expand(entry**2), [inside, outside]), rest)
    mean = tau - q
    variance = 2 * (square - q**2) + noise
    moments = {0: 1, 1: mean, 2: mean**2 + variance}
    return sympy.factor(sum(coefficient * moments[power] for (power,), coefficient in averaged.terms()))


def _function(share: sympy.Expr) -> Any:
    compute = sympy.lambdify((q, tau, square, noise), share)

    def function(**values: Any) -> dict[str, Any]:
        strengths = [float(each) for each in values["q"]]
        r, d, n = len(strengths), values["d"], values["n"]
        trace, squares = sum(strengths), sum(each**2 for each in strengths)
        lost = sum(compute(each, trace, squares, values.get("noise", 0.0)) for each in strengths)
        return {"overlap": 1 - (d - r) / (r * n) * lost}

    return function


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Expand a 4 x 4 projector by solving for its entries, and average one sample of concrete teachers."""
    levels, change, lost = second_order_overlap()
    pairs = [(i, j) for i in (0, 1) for j in (2, 3)]
    summed = sum(closed_form["pair"].subs({m: change[i, j], g_i: levels[i, i], g_j: levels[j, j]}) for i, j in pairs)
    residuals: dict[str, Residual] = {
        "pairs add up": summed - lost,
        "traceless": sympy.cancel(closed_form["traceless"] - closed_form["share"].subs(tau, 0)),
    }
    for i, (strengths, deviation) in enumerate(TEACHERS):
        at = {q: strengths[0], tau: sum(strengths), square: sum(each**2 for each in strengths), noise: deviation**2}
        gap = (at[tau] + 2 * at[q]) ** 2 - at[tau] ** 2
        truth = entrywise_fluctuation(strengths, deviation)
        residuals[f"fluctuation, teacher {i}"] = closed_form["fluctuation"].subs(at) - truth
        residuals[f"share, teacher {i}"] = closed_form["share"].subs(at) - sympy.Rational(truth) / gap**2
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="data.feature_quality_samples",
        title="The first correction of finitely many samples to early features",
        wording="With $n$ samples the overlap of the top $r$ directions of the early AGOP with those of a "
        "teacher $y := x^\\top Q x$ falls short of 1 by the mean of $c_i$ over these directions, times $d "
        "- r$ over $n$. For $\\operatorname{tr} Q = 0$, $c_i = <<traceless>>$, with $s_2 := "
        "\\operatorname{tr} Q^2$ and the variance $v$ of the noise in the labels.",
        assumptions=(
            WIDE,
            "Independent inputs $x \\sim N(0, I)$; $Q$ has rank $r$ and $q_i (q_i + \\operatorname{tr} Q) > 0$.",
        ),
        source=SOURCE,
        derive=finite_samples,
        limits=("Order $1/n$: it needs fluctuations that are small compared with the gaps.",),
    ),
)
