"""Verdicts on claims."""

import importlib
import pkgutil
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

from derivations.registry import get_derivation
from nfa_theory.verify import claims
from nfa_theory.verify.rules.check import STATISTICAL, Check, ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.default_function import measure_function
from nfa_theory.verify.rules.slight_errors import slight_errors
from nfa_theory.verify.rules.watched import unseen_parts, watched
from numerics.errors import DataWarning

ERROR_RATE = 1e-6
"""Chance at most that verifying all claims rejects a true one, divided equally among the statistical checks."""


@dataclass(frozen=True)
class Profile:
    """How hard the court looks.

    Parameters
    ----------
    name : str
        ``"default"`` or ``"quick"``.
    detectable, power : float
        Every statistical check sees a relative error of this size in any single coefficient with this probability.
    """

    name: str
    detectable: float
    power: float = 0.99


FUNCTION = "the function at whole numbers"
PROFILES = {profile.name: profile for profile in (Profile("default", 0.02), Profile("quick", 0.05))}
"""The profiles by name."""


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
    profile : str
        How hard the court looked.
    unseen : tuple of str
        What would have gone unseen: slight errors for which a statistical check lacks the power, and no exact one
        covers it; parts of the closed form whose terms look alike at all sizes and values where they are evaluated.
    seconds : float
        How long it took.
    errors : tuple of str
        What crashed, and how, in one line each.
    """

    claim: str
    findings: tuple[Finding, ...]
    broken_obligations: tuple[str, ...]
    seed: int
    profile: str = "default"
    unseen: tuple[str, ...] = ()
    seconds: float = 0.0
    errors: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The verdict in a word.

        ``"refuted"``; ``"error"`` if a check crashed; ``"unchecked"`` if nothing was measured; ``"undecided"`` if some
        error would have gone unseen; else ``"held"``.
        """
        if self.broken_obligations or not all(finding.held for finding in self.findings):
            return "refuted"
        if self.errors:
            return "error"
        if not self.findings:
            return "unchecked"
        return "undecided" if self.unseen else "held"

    @property
    def replicates(self) -> int:
        """The largest number of replicates that a check needed."""
        return max((finding.replicates for finding in self.findings), default=0)

    def __repr__(self) -> str:
        return f"Verdict({self.claim}: {self.status}, {len(self.findings)} quantities measured, seed {self.seed})"


@lru_cache(maxsize=1)
def checks_by_module() -> Mapping[str, tuple[Check, ...]]:
    """Find the checks that each module ``"chapter.module"`` of `nfa_theory.verify.claims` lists."""
    prefix = f"{claims.__name__}."
    return {
        each.name.removeprefix(prefix): importlib.import_module(each.name).CHECKS
        for each in pkgutil.walk_packages(claims.__path__, prefix)
        if not each.ispkg
    }


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """Find the checks in the modules of `nfa_theory.verify.claims`."""
    found = tuple(check for listed in checks_by_module().values() for check in listed)
    twice = [name for name, count in Counter((check.claim, check.name) for check in found).items() if count > 1]
    if twice:
        raise ValueError(f"checks of a claim must have different names, got twice {twice}")
    return found


def checks_of(claim: str) -> tuple[Check, ...]:
    """Find the checks of a claim, and add that of its function, where the claim brings none of its own."""
    listed = tuple(check for check in all_checks() if check.claim == claim)
    function = Check(claim, FUNCTION, "identity", partial(measure_function, claim=claim))
    return (*listed, function) if listed else ()


def error_rate() -> float:
    """Return the share of the error rate that each statistical check has, the same whatever claims are verified."""
    return ERROR_RATE / max(sum(check.kind in STATISTICAL for check in all_checks()), 1)


def trial_of(check: Check, closed_form: ClosedForm, seed: int, profile: Profile) -> Trial:
    """Tell a measurement what it needs to know."""
    return Trial(
        check.name, check.stream(seed), closed_form, error_rate(), detectable=profile.detectable, power=profile.power
    )


def measured(check: Check, trial: Trial) -> Judge:
    """Measure; that drawn data are no ordinary data needs no note."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return check.measure(trial)


def verify(
    claim: str,
    seed: int = 0,
    closed_form: ClosedForm | None = None,
    profile: Profile = PROFILES["default"],
    broken: Sequence[str] | None = None,
) -> Verdict:
    """Judge a claim by its obligations and its measurements.

    Parameters
    ----------
    claim : str
        Name of the claim.
    seed : int
        Of all measurements.
    closed_form : mapping, optional
        What to judge; the derived closed form by default.
    profile : Profile
        How hard to look.
    broken : sequence of str, optional
        The obligations that the closed form does not meet, where they are known; they are computed by default.

    Returns
    -------
    Verdict
    """
    start = time.perf_counter()
    derivation = get_derivation(claim)
    findings: list[Finding] = []
    exact: list[Judge] = []
    unseen: tuple[str, ...] = ()
    errors: list[str] = []
    with _recorded(errors, "derivation"):
        form = derivation.closed_form if closed_form is None else closed_form
        seen = watched(form, derivation.closed_form)
        for check in checks_of(claim):
            with _recorded(errors, check.name):
                judge = measured(check, trial_of(check, form, seed, profile))
                findings += judge(seen)
                exact += [] if check.kind in STATISTICAL else [judge]
        with _recorded(errors, "slight errors"):
            unseen = (*_unseen(findings, exact, form, profile), *unseen_parts(seen))
        broken = derivation.broken_obligations(form) if broken is None else broken
    seconds = time.perf_counter() - start
    return Verdict(claim, tuple(findings), tuple(broken or ()), seed, profile.name, unseen, seconds, tuple(errors))


@contextmanager
def _recorded(errors: list[str], what: str) -> Iterator[None]:
    """Let a crash count against this claim alone; all that was found before it still counts."""
    try:
        yield
    except Exception as error:
        message = str(error).strip().partition("\n")[0]
        errors.append(f"{what}: {type(error).__name__}: {message}")


def _unseen(findings: list[Finding], exact: list[Judge], form: ClosedForm, profile: Profile) -> tuple[str, ...]:
    """List the slight errors for which a statistical check lacks power, and which no other check refuses."""
    missed = {description for finding in findings for description in finding.unseen}
    return tuple(
        mutant.description
        for mutant in slight_errors(form, profile.detectable)
        if mutant.description in missed
        and all(finding.held for judge in exact for finding in judge(mutant.closed_form))
    )
