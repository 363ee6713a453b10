"""Exact expectations of trace polynomials over Gaussian and Wishart matrices and uniform signs."""

from derivations.expectation.expect import expect
from derivations.expectation.laws import GaussianMatrix, Signs, Wishart

__all__ = ["GaussianMatrix", "Signs", "Wishart", "expect"]
