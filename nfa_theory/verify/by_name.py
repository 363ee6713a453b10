"""One claim by name: what `nfa_theory.verify` is to a user of the package."""

from nfa_theory.verify.court import Verdict
from nfa_theory.verify.run import verify_claims


def verify(name: str, seed: int = 0, profile: str = "default") -> Verdict:
    """Check a claim against simulation.

    Parameters
    ----------
    name : str
        ``"chapter.result"``, one of `nfa_theory.claims`.
    seed : int
        Of all measurements, from 0.
    profile : {"default", "quick"}
        Whether errors of 2 % or of 5 % in a coefficient are to be seen.

    Returns
    -------
    nfa_theory.verify.court.Verdict
        Held, refuted, error, undecided or unchecked, with what was measured.

    Raises
    ------
    InputError
        If there is no such claim (the nearest is offered) or profile, or the seed is negative.

    Examples
    --------
    >>> verify("identities.fact", profile="quick")
    Verdict(identities.fact: held, ... quantities measured, seed 0)
    """
    (verdict,) = verify_claims([name], seed, profile, processes=1)
    return verdict
