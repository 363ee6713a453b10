"""Errors of expectations: each message says in one line what was expected and what came."""

from derivations.errors import DerivationError


class LawError(DerivationError):
    """A parameter of a random matrix that makes no law: degrees of freedom, covariance or mean."""


class ExpectationError(DerivationError):
    """An expectation that is no trace polynomial, or a request for one that makes no sense."""
