"""The court: closed forms of claims against measurements of networks."""

from nfa_theory.verify.court import Refutation, Verdict, refute, verify

__all__ = ["Refutation", "Verdict", "refute", "verify"]
