"""A derivation: a claim, its assumptions, the steps that prove it, the closed form, and what must vanish if it is true.

What a derivation says is cheap and stands in the `Derivation`; what the machine derives is a `Proof`, made when it is
first asked for. A module of results lists its derivations in ``DERIVATIONS``, where `derivations.registry` finds them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.errors import DerivationError
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import numeric_function

Formula: TypeAlias = MatrixPolynomial | TracePolynomial | sympy.Expr | AlignmentRatio | tuple[Any, ...]
"""A closed form: an expression of the engine or of SymPy, an alignment, or a tuple of these (a series)."""

ClosedForm: TypeAlias = Mapping[str, Formula]
Residual: TypeAlias = MatrixPolynomial | TracePolynomial | sympy.Expr | Fraction | int
Obligations: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Residual]]

GAP = re.compile(r"<<(.+?)>>")
"""Where a statement takes a formula from the closed form."""
_NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


@dataclass(frozen=True)
class Equation:
    """A quantity and what it equals.

    Parameters
    ----------
    left : str
        The quantity, as plain text: ``"F_c"``.
    right : Formula
        An expression that the machine computed.
    latex : str, optional
        The quantity in LaTeX, where the text itself is not a name.
    """

    left: str
    right: Formula
    latex: str | None = None


@dataclass(frozen=True)
class Step:
    """One step of an argument.

    Parameters
    ----------
    text : str
        What is done and why, one or two sentences; mathematics between dollar signs in LaTeX.
    equations : tuple of Equation
        What comes out.
    uses : tuple of str
        The rules, definitions, or other derivations (by name) that are used.
    """

    text: str
    equations: tuple[Equation, ...] = ()
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What the machine derives.

    Parameters
    ----------
    steps : tuple of Step
        The argument from the definitions to the closed form.
    closed_form : mapping from str to Formula
        Each quantity that the claim is about.
    obligations : callable
        From a closed form to residuals by name, each zero for the true closed form and at least one not zero for a
        wrong one. They are computed from the definitions, not from the steps, and from the closed form *handed in*,
        so that a changed coefficient can be refused.
    latex_names : mapping from str to str
        LaTeX of the quantities whose names are not plain symbols.
    function : callable, optional
        From arrays (keyword arguments) to a mapping of values; by default the closed form with its symbols as
        arguments.
    stated : callable, optional
        From a closed form to further formulas by name for the statement: special cases, leading terms, degrees.
    """

    steps: tuple[Step, ...]
    closed_form: ClosedForm
    obligations: Obligations
    latex_names: Mapping[str, str] = field(default_factory=dict)
    function: Callable[..., dict[str, Any]] | None = None
    stated: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


@dataclass(frozen=True, repr=False)
class Derivation:
    """A result of the theory, which shows itself in a notebook and on paper.

    Parameters
    ----------
    name : str
        ``"module.result"``.
    title : str
        A few words.
    wording : str
        The claim in one to four sentences; mathematics between dollar signs in LaTeX. No formula that the machine
        derives is typed: ``<<G>>`` stands for the closed form of ``G``, or for what `Proof.stated` makes of it.
    assumptions : tuple of str
        What is presupposed.
    source : str
        Paper and topic.
    derive : callable
        Makes the proof; called once, when it is first needed.
    limits : tuple of str
        When the result holds and where it stops.

    Raises
    ------
    DerivationError
        If the name is not of the form ``module.result`` or the source is empty.
    """

    name: str
    title: str
    wording: str
    assumptions: tuple[str, ...]
    source: str
    derive: Callable[[], Proof]
    limits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DerivationError(f"the name of a derivation must read module.result, got {self.name!r}")
        if not self.source.strip():
            raise DerivationError(f"{self.name} must name its source, got an empty one")

    @cached_property
    def proof(self) -> Proof:
        """What the machine derives, on first access."""
        return self.derive()

    @property
    def statement(self) -> str:
        """The claim, with its formulas from the closed form."""
        return self.statement_of()

    def statement_of(self, closed_form: ClosedForm | None = None) -> str:
        """Write the claim with the formulas of a closed form.

        Parameters
        ----------
        closed_form : mapping, optional
            Where the formulas come from; the derived one by default.

        Returns
        -------
        str
            The wording, with LaTeX in every gap.

        Raises
        ------
        DerivationError
            If the wording names a formula that there is none of.
        """
        if not GAP.search(self.wording):
            return self.wording
        from derivations.rendering.notebook import filled

        form = self.closed_form if closed_form is None else closed_form
        formulas = {**form, **(self.proof.stated(form) if self.proof.stated else {})}
        missing = [name for name in GAP.findall(self.wording) if name not in formulas]
        if missing:
            raise DerivationError(f"the statement of {self.name} needs a formula, got none named {missing[0]!r}")
        return filled(self.wording, GAP, formulas)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument, step by step."""
        return self.proof.steps

    @property
    def closed_form(self) -> ClosedForm:
        """Each quantity of the claim in closed form."""
        return self.proof.closed_form

    @property
    def latex_names(self) -> Mapping[str, str]:
        """LaTeX of the quantities whose names are not plain symbols."""
        return self.proof.latex_names

    @cached_property
    def function(self) -> Callable[..., dict[str, Any]]:
        """The closed form as a function of arrays, given by keyword, to a mapping of values."""
        return self.proof.function or numeric_function(self.closed_form)

    def obligations(self, closed_form: ClosedForm | None = None) -> Mapping[str, Residual]:
        """Compute what must vanish.

        Parameters
        ----------
        closed_form : mapping, optional
            The closed form to judge; the derived one by default.

        Returns
        -------
        mapping from str
            Residuals, from the definitions.
        """
        return self.proof.obligations(self.closed_form if closed_form is None else closed_form)

    def broken_obligations(self, closed_form: ClosedForm | None = None) -> tuple[str, ...]:
        """Name the obligations that a closed form does not meet.

        Parameters
        ----------
        closed_form : mapping, optional
            The closed form to judge; the derived one by default.

        Returns
        -------
        tuple of str
            Names; empty for a true claim.
        """
        residuals = self.obligations(closed_form)
        if not residuals:
            raise DerivationError(f"{self.name} must have obligations, got none")
        return tuple(name for name, residual in residuals.items() if not vanishes(residual))

    def text(self) -> str:
        """Return the whole argument as text for a terminal."""
        from derivations.rendering.notebook import whole_text

        return whole_text(self)

    def latex(self) -> str:
        """Return the whole argument as a LaTeX document."""
        from derivations.rendering.notebook import whole_latex

        return whole_latex(self)

    def __repr__(self) -> str:
        return f"Derivation({self.name!r}: {self.title})"

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        from derivations.rendering.notebook import notebook_latex

        return notebook_latex(self)

    def _repr_html_(self) -> str | None:
        from derivations.rendering.notebook import notebook_html

        return notebook_html(self)


def vanishes(residual: Residual) -> bool:
    """Decide whether a residual is zero.

    Parameters
    ----------
    residual : MatrixPolynomial or TracePolynomial or sympy.Expr or int
        Expressions of the engine are in canonical form, where zero has no terms; those of SymPy are simplified.

    Returns
    -------
    bool

    Raises
    ------
    DerivationError
        If it is none of these; a floating-point number proves nothing.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> vanishes((x + 1) ** 2 - x**2 - 2 * x - 1)
    True
    """
    if isinstance(residual, MatrixPolynomial | TracePolynomial):
        return not residual
    if isinstance(residual, int | Fraction):
        return residual == 0
    if isinstance(residual, sympy.Expr) and not residual.has(sympy.Float):
        return bool(residual == 0) or bool(sympy.simplify(residual) == 0)
    raise DerivationError(f"a residual must be an exact expression, got {type(residual).__name__}: {residual}")
