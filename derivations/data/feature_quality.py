"""How well the AGOP of a wide quadratic network finds the directions of a low-rank teacher at early times.

At infinite width the centered AGOP is proportional to ``A B A``. With standard Gaussian inputs and infinitely many
samples ``B = I``, and the labels enter through ``A = E[y x x^T]``: the mean of the labels and their mean curvature.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, gradient, tr
from derivations.data.feature_quality_instance import entrywise_spectrum, moments_of_teachers
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.judging.instances import squared_norm
from derivations.quadratic.leading_order import d

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: quality of the "
    "features on low-rank teachers; the formulas are derived here"
)
x: Final = GaussianMatrix("x", d, 1)
Q: Final = Matrix("Q", d, symmetric=True)
P: Final = Matrix("P", d, symmetric=True)
u: Final = Matrix("u", d, 1)
q, tau = sympy.symbols("q tau")
LATEX: Final = {
    "quadratic": r"A|_{y = x^\top Q x}",
    "quartic": r"A|_{y = (x^\top P x)(x^\top Q x)}",
    "cubic": r"A|_{y = (u^\top x)^3}",
    "square": r"A|_{y = (u^\top x)^2}",
    "gap": r"g_i - g_j",
}


def label_moment(label: Any) -> MatrixPolynomial:
    """Return ``A = E[y x x^T]`` for standard Gaussian inputs."""
    moment: MatrixPolynomial = expect(label * x * x.T, over=[x])
    return moment


TEACHERS: Final = {
    "quadratic": tr(x.T * Q * x),
    "quartic": tr(x.T * P * x) * tr(x.T * Q * x),
    "square": tr(u.T * x) ** 2,
    "cubic": tr(u.T * x) ** 3,
}
"""Labels of low rank: the matrices and the vector span the directions of the teacher."""


def population() -> Proof:
    """Derive ``A`` for polynomial teachers, and the gap in the spectrum of ``A^2`` for a quadratic one."""
    found = {name: label_moment(label) for name, label in TEACHERS.items()}
    moments = {name: moment for name, moment in found.items() if moment}
    inside = _eigenvalue(q)
    gap = sympy.factor(inside**2 - _eigenvalue(sympy.Integer(0)) ** 2)
    steps = (
        Step(
            "At early times $G \\propto A B A$ with $B = I$. Average $y\\, x x^\\top$ for labels that depend on few "
            "directions; odd labels give $A = 0$ and are not seen at this order.",
            tuple(Equation(name, each, LATEX[name]) for name, each in found.items()),
            ("quadratic.infinite_width", "Gaussian integration by parts"),
        ),
        Step(
            "For $y = x^\\top Q x$ with $\\tau = \\operatorname{tr} Q$, a direction of the teacher with eigenvalue $q$ "
            "has the eigenvalue $(\\tau + 2 q)^2$ in $G = A^2$ and a direction outside has $\\tau^2$. Their gap is "
            "positive if and only if $q (q + \\tau) > 0$: then early features contain the direction.",
            (Equation("eigenvalue", inside), Equation("gap", gap, LATEX["gap"])),
        ),
    )
    return Proof(steps, {**moments, "gap": gap}, _obligations_of_population, LATEX, _population_function)


def _eigenvalue(of_teacher: sympy.Expr) -> sympy.Expr:
    """Return ``v^T A v`` for an eigenvector of ``Q`` of length 1."""
    moment = label_moment(TEACHERS["quadratic"])
    v = Matrix("w", d, 1)
    return tr(v.T * moment * v).as_sympy({tr(Q): tau, tr(v.T * v): sympy.Integer(1), tr(v.T * Q * v): of_teacher})


def _population_function(**values: Any) -> dict[str, Any]:
    """Return the overlap of the top space of ``A^2`` with the teacher's, for the eigenvalues ``q`` of the teacher.

    A direction whose level equals that of the outside ones cannot be told from them and is not counted.
    """
    eigenvalues = [float(each) for each in values["q"]]
    trace = sum(eigenvalues)
    seen = [each * (each + trace) > 0 for each in eigenvalues]
    return {"overlap": sum(seen) / len(seen)}


def _obligations_of_population(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings, compare with Stein's identity, and take the spectrum of an explicit moment."""
    at, truth = moments_of_teachers()
    e = Matrix("e", d, 1)
    residuals: dict[str, Residual] = {}
    for name in (each for each in TEACHERS if each in closed_form):
        residuals[name] = squared_norm(at(closed_form[name]) - truth[name])
        residuals[f"{name}: mean and curvature"] = closed_form[name] * e - curvature_along(TEACHERS[name], e)
    residuals["the cubic teacher is not seen"] = squared_norm(truth["cubic"])
    for strengths in SPECTRA:
        spectrum = entrywise_spectrum(strengths)
        for i in range(len(strengths) - 1):
            at_direction = {q: strengths[i], tau: sum(strengths)}
            difference = spectrum[i] - spectrum[-1]
            residuals[f"gap of direction {i} of {strengths}"] = closed_form["gap"].subs(at_direction) - difference
    return residuals


SPECTRA: Final = ((3, -1, 0), (5, 2, -4, 0), (1, 7, 2, 3, 0))
"""Eigenvalues of diagonal teachers; the last direction is outside. Nine pairs for a polynomial of second degree."""


def curvature_along(label: Any, direction: Matrix) -> MatrixPolynomial:
    """Return ``E[y] e + E[Hessian of y] e``, which is ``A e`` by Stein's identity."""
    slope = gradient(label, x)
    along = gradient(tr(slope.T * direction), x)
    vector: MatrixPolynomial = expect(label, over=[x]) * direction + expect(along, over=[x])
    return vector


WIDE: Final = "An infinitely wide quadratic network that starts at 0; leading order in time: $G_c \\propto A B A$."

DERIVATIONS: Final = (
    Derivation(
        name="data.feature_quality",
        title="Which directions of a teacher early features contain",
        wording="With $A := E[y\\, x x^\\top]$, which is the mean of the labels times the identity plus "
        "their mean Hessian, $G$ has the eigenvectors of $A$ and the squares of its "
        "eigenvalues. For $y := x^\\top Q x$, $A = <<quadratic>>$, and a "
        "direction with eigenvalue $q$ is among the top ones if and only if $<<gap>> > 0$ with $\\tau := "
        "\\operatorname{tr} Q$; so a chain monomial $y := \\sum_i x_i x_{i+1}$ over a cycle of $r$ inputs is "
        "found completely, unless $4$ divides $r$: then two of its directions have $q = 0$.",
        assumptions=(WIDE, "Inputs $x \\sim N(0, I)$, infinitely many samples."),
        source=SOURCE,
        derive=population,
        limits=("Odd labels are not seen at leading order.", "Exact for infinitely many samples."),
    ),
)
