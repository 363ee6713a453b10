"""Exact expectations over Gaussian, Wishart, inverse Wishart and Haar matrices and uniform signs."""

from derivations.expectation.cumulants import covariance, cumulant
from derivations.expectation.delta import RatioMoments, delta_method
from derivations.expectation.errors import ExpectationError, LawError
from derivations.expectation.expect import expect
from derivations.expectation.large import Expansion, large_dimension
from derivations.expectation.laws import GaussianMatrix, Haar, InverseWishart, Signs, Wishart
from derivations.expectation.ratio_series import RatioSeries

__all__ = [
    "Expansion",
    "ExpectationError",
    "GaussianMatrix",
    "Haar",
    "InverseWishart",
    "LawError",
    "RatioMoments",
    "RatioSeries",
    "Signs",
    "Wishart",
    "covariance",
    "cumulant",
    "delta_method",
    "expect",
    "large_dimension",
]
