"""The few formulas of the report in MathML, which browsers render without scripts or fonts from elsewhere."""

from __future__ import annotations

from nfa_theory.report.markup import Markup, join, tag


def symbol(name: str) -> Markup:
    """Write a letter or a name as an identifier."""
    return tag("mi", name)


def sign(text: str) -> Markup:
    """Write an operator or a parenthesis, of the size of the letters."""
    return tag("mo", text, stretchy="false")


def number(text: str) -> Markup:
    """Write a number."""
    return tag("mn", text)


def row(*parts: str) -> Markup:
    """Group parts into one."""
    return tag("mrow", join(*parts))


def power(base: Markup, exponent: Markup) -> Markup:
    """Set an exponent (or a transpose)."""
    return tag("msup", base, exponent)


def index(base: Markup, subscript: Markup) -> Markup:
    """Set a subscript."""
    return tag("msub", base, subscript)


def fraction(above: Markup, below: Markup) -> Markup:
    """Set a fraction."""
    return tag("mfrac", above, below)


def root(content: Markup) -> Markup:
    """Set a square root."""
    return tag("msqrt", content)


def trace(*factors: str) -> Markup:
    """Set the trace of a product."""
    return row(symbol("tr"), sign("("), *(symbol(f) for f in factors), sign(")"))


def formula(*parts: str, alt: str) -> Markup:
    """Set a formula on a line of its own, with a text for readers whose software does not read MathML."""
    return tag("math", row(*parts), display="block", alttext=alt)


def cosine_definition() -> Markup:
    """Define the alignment of two matrices."""
    norms = row(*(row(sign("‖"), symbol(name), sign("‖")) for name in "AB"))
    top = row(symbol("tr"), sign("("), power(symbol("A"), sign("⊤")), symbol("B"), sign(")"))
    left = row(symbol("ρ"), sign("("), symbol("A"), sign(","), symbol("B"), sign(")"))
    return formula(left, sign("="), fraction(top, norms), alt="rho(A, B) = tr(A^T B) / (|A| |B|)")


def feature_matrices() -> Markup:
    """Define the neural feature matrix and the average gradient outer product."""
    weights, jacobian = symbol("W"), index(symbol("J"), symbol("μ"))
    nfm = row(symbol("F"), sign("="), power(weights, sign("⊤")), weights)
    average = row(fraction(number("1"), symbol("n")), tag("munder", sign("∑"), symbol("μ")))
    agop = row(symbol("G"), sign("="), average, tag("msubsup", symbol("J"), symbol("μ"), sign("⊤")), jacobian)
    gap = tag("mspace", width="1.5em")
    return formula(nfm, sign(","), gap, agop, alt="F = W^T W, G = (1/n) sum over samples of J^T J")


def early_prediction() -> Markup:
    """State the predicted early C-NFA of a layer in an infinitely wide network."""
    bottom = root(row(trace("P", "S", "P", "S"), tag("mspace", width="0.2em"), trace("Q", "S", "Q", "S")))
    return formula(
        symbol("C-NFA"),
        sign("→"),
        fraction(trace("P", "S", "Q", "S"), bottom),
        alt="C-NFA tends to tr(P S Q S) / sqrt(tr(P S P S) tr(Q S Q S))",
    )


def prediction_kernels() -> Markup:
    """Define the matrices of the prediction from kernels and residuals."""
    residuals = row(sign("("), symbol("R"), power(symbol("R"), sign("⊤")), sign(")"))
    p = row(symbol("P"), sign("="), symbol("κ"), sign("∘"), residuals)
    q = row(symbol("Q"), sign("="), power(symbol("κ"), number("2")), sign("∘"), residuals)
    gap = tag("mspace", width="1.5em")
    return formula(p, sign(","), gap, q, alt="P = kappa o (R R^T), Q = kappa^2 o (R R^T)")


def expansion() -> Markup:
    """State the expansion in the inverse width that is fitted."""
    width = symbol("k")
    terms = row(
        symbol("limit"),
        sign("+"),
        fraction(symbol("a"), width),
        sign("+"),
        fraction(symbol("b"), power(width, number("2"))),
    )
    return formula(symbol("C-NFA"), sign("="), terms, alt="C-NFA = limit + a / width + b / width^2")
