"""The claims of the theory by name: what each says, how it follows, its closed form, and a function of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from derivations.derivation import Derivation


class Claims(Mapping[str, "Derivation"]):
    """All claims, by name.

    Examples
    --------
    >>> claims["identities.factorization"]
    Derivation('identities.factorization': The AGOP factors through the weights)
    >>> claims["identities.fakt"]
    Traceback (most recent call last):
    numerics.errors.InputError: unknown claim 'identities.fakt'; did you mean 'identities.fact'?
    """

    def _derivations(self) -> Mapping[str, Derivation]:
        # SymPy takes a moment to import, which not every use of the package needs.
        from derivations.derivation import Derivation
        from derivations.registry import all_derivations
        from derivations.rendering.notebook import notebook_html, notebook_latex

        notebook_html.register(Derivation, _html)
        notebook_latex.register(Derivation, _latex)
        return all_derivations()

    def __getitem__(self, name: str) -> Derivation:
        found = self._derivations()
        if name not in found:
            raise InputError(unknown("claim", name, found))
        return found[name]

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


def _html(claim: Derivation) -> str:
    """Show a claim in a notebook, from the cache where it was written out before."""
    from nfa_theory.derivation_cache import cached_document
    from nfa_theory.display import claim_html

    return claim_html(cached_document(claim.name))


def _latex(claim: Derivation) -> str:
    """Write the closed form of a claim, likewise."""
    from derivations.rendering.notebook import closed_form_latex
    from nfa_theory.derivation_cache import cached_document

    return closed_form_latex(cached_document(claim.name))
