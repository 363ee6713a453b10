"""Matrix polynomials and traces in canonical form: symbols with shapes, derivatives, flows and series."""

from derivations.algebra.construct import Matrix, Scalar, identity, ones, zeros
from derivations.algebra.matrix_polynomial import MatrixPolynomial, tr
from derivations.algebra.trace_polynomial import TracePolynomial

__all__ = ["Matrix", "MatrixPolynomial", "Scalar", "TracePolynomial", "identity", "ones", "tr", "zeros"]
