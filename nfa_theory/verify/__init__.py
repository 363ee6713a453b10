"""The court: closed forms of claims against measurements of networks, with a stated error rate."""

from nfa_theory.verify.court import PROFILES, Profile, Verdict, verify
from nfa_theory.verify.refutation import Refutation, Survivor, refute
from nfa_theory.verify.run import refute_claims, verify_claims

__all__ = [
    "PROFILES",
    "Profile",
    "Refutation",
    "Survivor",
    "Verdict",
    "refute",
    "refute_claims",
    "verify",
    "verify_claims",
]
