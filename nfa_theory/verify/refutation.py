"""What the checks of a claim say of wrong versions of it, and why some go unseen."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.derivation import Derivation
from derivations.mutation.changed_expression import remembering
from derivations.mutation.mutants import Mutant, factor_mutants, mutants
from derivations.registry import get_derivation
from nfa_theory.verify.court import PROFILES, Profile, checks_of, measured, trial_of
from nfa_theory.verify.rules.check import Finding, Judge
from nfa_theory.verify.rules.quantities import evaluate
from nfa_theory.verify.rules.random_values import random_values
from nfa_theory.verify.rules.watched import tried_values, unseen_parts, watched

SAME = 1e-12
"""Predictions that differ by less, relative to the largest entry, differ by rounding."""
NEARLY_SAME = 1e-10
"""The same where every obligation, which are exact, says that nothing is wrong: averages of what cancels."""


@dataclass(frozen=True)
class Survivor:
    """A wrong closed form that no measurement refuses.

    Parameters
    ----------
    description : str
        What was changed.
    reason : str
        Why it went unseen, as computed.
    equivalent : bool
        Whether it is not wrong at all: the same number for random matrices, or, under the assumptions of the claim,
        every obligation is met and every prediction the same.
    """

    description: str
    reason: str
    equivalent: bool


@dataclass(frozen=True)
class Refutation:
    """How many wrong closed forms the measurements refuse, without help from the obligations.

    A form of such a degree that the court says it cannot see all of it is refused too: it is never held.

    Parameters
    ----------
    claim : str
        Name of the true claim.
    total : int
        Number of mutants.
    survivors : tuple of Survivor
        Those that were not refused.
    seconds : float
        How long it took.
    """

    claim: str
    total: int
    survivors: tuple[Survivor, ...]
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        """Number of mutants that were refused."""
        return self.total - len(self.survivors)

    @property
    def equivalent(self) -> int:
        """Number of survivors that are not wrong."""
        return sum(each.equivalent for each in self.survivors)


def refute(claim: str, seed: int = 0, profile: Profile = PROFILES["default"]) -> Refutation:
    """Let the measurements of a claim judge each of its mutants.

    Parameters
    ----------
    claim : str
        Name of the claim.
    seed : int
        Of all measurements, which are made once.
    profile : Profile
        How hard to look.

    Returns
    -------
    Refutation
    """
    start = time.perf_counter()
    derivation = get_derivation(claim)
    form = {quantity: remembering(formula) for quantity, formula in derivation.closed_form.items()}
    judges = [measured(check, trial_of(check, form, seed, profile)) for check in checks_of(claim)]
    seen = watched(derivation.closed_form, derivation.closed_form)
    true = [finding for judge in judges for finding in judge(seen)]
    total, unseen = 0, []
    for mutant in itertools.chain(mutants(form), factor_mutants(form, tried_values(seen))):
        total += 1
        if not _refused(mutant, judges) and not _undecided(mutant, derivation, judges):
            unseen.append(mutant)
    survivors = tuple(_survivor(mutant, derivation, true, judges) for mutant in unseen)
    return Refutation(claim, total, survivors, time.perf_counter() - start)


def share_refused(found: Sequence[Refutation]) -> str:
    """Say how many wrong closed forms were refused.

    Examples
    --------
    >>> share_refused([Refutation("a.b", 8, (Survivor("x", "equivalent", True), Survivor("y", "unmeasured", False)))])
    'killed 6 of 7 wrong claims (85.71 %); 1 more is equivalent to the true one'
    """
    killed, equivalent = sum(each.killed for each in found), sum(each.equivalent for each in found)
    wrong = sum(each.total for each in found) - equivalent
    share = f"killed {killed} of {wrong} wrong claims ({killed / wrong:.2%})".replace("%", " %")
    more = f"{equivalent} more {'is' if equivalent == 1 else 'are'} equivalent to the true one" if equivalent else ""
    return f"{share}; {more}" if more else share


def _refused(mutant: Mutant, judges: list[Judge]) -> bool:
    """Ask one judge after the other; the one that refuses is asked first the next time."""
    for at, judge in enumerate(judges):
        if not all(finding.held for finding in judge(mutant.closed_form)):
            judges.insert(0, judges.pop(at))
            return True
    return False


def _undecided(mutant: Mutant, derivation: Derivation, judges: list[Judge]) -> bool:
    """Tell a form of a degree that the instances cannot see all of: the court says so, and never holds it."""
    seen = watched(mutant.closed_form, derivation.closed_form)
    for judge in judges:
        judge(seen)
    return bool(unseen_parts(seen))


def _survivor(mutant: Mutant, derivation: Derivation, true: Sequence[Finding], judges: Sequence[Judge]) -> Survivor:
    """Tell a mutant that is not wrong from one that is not measured, and from one too close to the truth."""
    if _same_on_random_matrices(derivation.closed_form[mutant.quantity], mutant.closed_form[mutant.quantity]):
        return Survivor(mutant.description, "equivalent: the same number for random matrices", equivalent=True)
    found = {(each.check, each.quantity): each for judge in judges for each in judge(mutant.closed_form)}
    pairs = [(each, found[each.check, each.quantity]) for each in true]
    changed = [(old, new) for old, new in pairs if _difference(old.predicted, new.predicted) > SAME]
    broken = derivation.broken_obligations(mutant.closed_form)
    if changed and (broken or max(_difference(old.predicted, new.predicted) for old, new in changed) > NEARLY_SAME):
        old, new = max(changed, key=lambda pair: pair[1].statistic / pair[1].threshold)
        reason = (
            f"undetectable: changes {new.quantity} by {_difference(old.predicted, new.predicted):.1e} of its size; "
            f"the nearest check ({new.check}) finds {new.statistic:.2g}, and refuses beyond {new.threshold:.2g}"
        )
        return Survivor(mutant.description, reason, equivalent=False)
    if broken:
        reason = f"unmeasured: no measured quantity changes; the obligation {broken[0]!r} refuses it"
        return Survivor(mutant.description, reason, equivalent=False)
    reason = "equivalent under the assumptions: it meets every obligation, and no prediction changes"
    return Survivor(mutant.description, reason, equivalent=True)


def _same_on_random_matrices(true: Any, wrong: Any) -> bool:
    """Tell formulas that differ only in how they are written; those of SymPy are compared when mutants are made."""
    values = random_values(true, np.random.default_rng(0))
    numbers = [evaluate({"": formula}, values) if values else {} for formula in (true, wrong)]
    return bool(numbers[0]) and all(
        _difference(np.asarray(value), np.asarray(numbers[1].get(name))) <= SAME for name, value in numbers[0].items()
    )


def _difference(true: Any, wrong: Any) -> float:
    if true is None or wrong is None or np.shape(true) != np.shape(wrong):
        return 0.0 if true is wrong else np.inf
    scale = float(np.max(np.abs(true))) or 1.0
    return float(np.max(np.abs(np.subtract(wrong, true)))) / scale
