"""The claims of the theory by name: what each says, how it follows, its closed form, and a function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from derivations.derivation import Derivation, Step
    from nfa_theory.verify import Verdict


@dataclass(frozen=True)
class Claim:
    """A result of the theory.

    Steps, closed form and function are derived when they are first asked for.

    Parameters
    ----------
    derivation : derivations.derivation.Derivation
        Where it comes from.
    """

    derivation: Derivation

    @property
    def name(self) -> str:
        """``"module.result"``."""
        return self.derivation.name

    @property
    def title(self) -> str:
        """A few words."""
        return self.derivation.title

    @property
    def statement(self) -> str:
        """The claim, with mathematics between dollar signs in LaTeX."""
        return self.derivation.statement

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is presupposed."""
        return self.derivation.assumptions

    @property
    def limits(self) -> tuple[str, ...]:
        """When the result holds and where it stops."""
        return self.derivation.limits

    @property
    def source(self) -> str:
        """Paper and topic."""
        return self.derivation.source

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument from the definitions to the closed form."""
        return self.derivation.steps

    @property
    def closed_form(self) -> Mapping[str, Any]:
        """Each quantity as an expression of the symbolic engine or of SymPy."""
        return self.derivation.closed_form

    @property
    def function(self) -> Callable[..., dict[str, Any]]:
        """The closed form as a function of arrays and numbers, given by keyword, to a mapping of values."""
        return self.derivation.function

    def verify(self, seed: int = 0, profile: str = "default") -> Verdict:
        """Check the claim against simulation.

        Parameters
        ----------
        seed : int
            Of all measurements.
        profile : {"default", "quick"}
            Whether errors of 2 % or of 5 % in a coefficient are to be seen.

        Returns
        -------
        nfa_theory.verify.Verdict
            Held, refuted, error, undecided or unchecked, with what was measured.
        """
        from nfa_theory.verify.run import verify_claims

        (verdict,) = verify_claims([self.name], seed, profile, processes=1)
        return verdict

    def text(self) -> str:
        """Return the whole argument as text for a terminal."""
        from derivations.rendering import render_text
        from derivations.rendering.describe import describe

        return render_text(describe(self.derivation))

    def latex(self) -> str:
        """Return the whole argument as a LaTeX document."""
        from derivations.rendering import render_latex
        from derivations.rendering.describe import describe

        return render_latex([describe(self.derivation)])

    def __repr__(self) -> str:
        return f"Claim({self.name!r}: {self.title})"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from nfa_theory.derivation_cache import cached_document
        from nfa_theory.display import claim_html

        return claim_html(cached_document(self.name))

    def _repr_latex_(self) -> str:
        from nfa_theory.derivation_cache import cached_document
        from nfa_theory.display import claim_latex

        return claim_latex(cached_document(self.name))


class Claims(Mapping[str, Claim]):
    """All claims, by name.

    Examples
    --------
    >>> claims["identities.factorization"]
    Claim('identities.factorization': The AGOP factors through the weights)
    >>> claims["identities.fakt"]
    Traceback (most recent call last):
    numerics.errors.InputError: unknown claim 'identities.fakt'; did you mean 'identities.fact'?
    """

    def _derivations(self) -> Mapping[str, Derivation]:
        # SymPy takes a moment to import, which not every use of the package needs.
        from derivations.registry import all_derivations

        return all_derivations()

    def __getitem__(self, name: str) -> Claim:
        found = self._derivations()
        if name not in found:
            raise InputError(unknown("claim", name, found))
        return Claim(found[name])

    def __contains__(self, name: object) -> bool:
        return name in self._derivations()

    def __iter__(self) -> Iterator[str]:
        return iter(self._derivations())

    def __len__(self) -> int:
        return len(self._derivations())

    def __repr__(self) -> str:
        return f"Claims({', '.join(self)})"

    def _repr_html_(self) -> str:
        from nfa_theory.display import claims_html

        return claims_html({name: each.title for name, each in self.items()})


claims = Claims()
"""All claims; none is derived before it is asked for."""
