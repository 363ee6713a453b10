"""Verdicts on claims, and what the same checks say of wrong ones."""

import importlib
import pkgutil
from dataclasses import dataclass

from derivations.mutation import mutants
from derivations.registry import get_derivation
from nfa_theory.verify import claims
from nfa_theory.verify.check import Check, ClosedForm, Finding


@dataclass(frozen=True)
class Verdict:
    """What the court says of a claim.

    Parameters
    ----------
    claim : str
        Its name.
    findings : tuple of Finding
        Of all measured quantities.
    broken_obligations : tuple of str
        Obligations of the derivation that are not met.
    seed : int
        The seed of all measurements.
    """

    claim: str
    findings: tuple[Finding, ...]
    broken_obligations: tuple[str, ...]
    seed: int

    @property
    def status(self) -> str:
        """``"refuted"``, ``"held"``, or ``"unchecked"`` if nothing was measured."""
        if self.broken_obligations or not all(finding.held for finding in self.findings):
            return "refuted"
        return "held" if self.findings else "unchecked"

    def __repr__(self) -> str:
        return f"Verdict({self.claim}: {self.status}, {len(self.findings)} quantities measured, seed {self.seed})"


@dataclass(frozen=True)
class Refutation:
    """How many wrong closed forms the measurements refuse, without help from the obligations.

    Parameters
    ----------
    claim : str
        Name of the true claim.
    total : int
        Number of mutants.
    survivors : tuple of str
        Descriptions of those that were not refused.
    """

    claim: str
    total: int
    survivors: tuple[str, ...]


def checks_of(claim: str) -> tuple[Check, ...]:
    """Find the checks of a claim in the modules of `nfa_theory.verify.claims`."""
    modules = (
        importlib.import_module(f"{claims.__name__}.{each.name}") for each in pkgutil.iter_modules(claims.__path__)
    )
    return tuple(check for module in modules for check in module.CHECKS if check.claim == claim)


def verify(claim: str, seed: int = 0, closed_form: ClosedForm | None = None) -> Verdict:
    """Judge a claim by its obligations and its measurements.

    Parameters
    ----------
    claim : str
        Name of the claim.
    seed : int
        Of all measurements.
    closed_form : mapping, optional
        What to judge; the derived closed form by default.

    Returns
    -------
    Verdict
    """
    derivation = get_derivation(claim)
    form = derivation.closed_form if closed_form is None else closed_form
    findings = tuple(finding for check in checks_of(claim) for finding in check.judge(seed)(form))
    return Verdict(claim, findings, derivation.broken_obligations(form), seed)


def refute(claim: str, seed: int = 0) -> Refutation:
    """Let the measurements of a claim judge each of its mutants.

    Parameters
    ----------
    claim : str
        Name of the claim.
    seed : int
        Of all measurements, which are made once.

    Returns
    -------
    Refutation
    """
    judges = [check.judge(seed) for check in checks_of(claim)]
    wrong = list(mutants(get_derivation(claim).closed_form))
    survivors = (
        mutant.description
        for mutant in wrong
        if all(finding.held for judge in judges for finding in judge(mutant.closed_form))
    )
    return Refutation(claim, len(wrong), tuple(survivors))
