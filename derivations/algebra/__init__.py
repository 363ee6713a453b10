"""Matrix polynomials and traces in canonical form: symbols with shapes, derivatives, flows and series."""

from derivations.algebra.construct import Matrix, Scalar, identity, ones, zeros
from derivations.algebra.differentiate import flow, gradient, second_derivative
from derivations.algebra.directional import directional_derivative, time_derivative
from derivations.algebra.elementwise import diagonal, hadamard
from derivations.algebra.json_reader import from_json
from derivations.algebra.matrix_polynomial import MatrixPolynomial, tr
from derivations.algebra.taylor import series
from derivations.algebra.trace_polynomial import TracePolynomial

__all__ = [
    "Matrix",
    "MatrixPolynomial",
    "Scalar",
    "TracePolynomial",
    "diagonal",
    "directional_derivative",
    "flow",
    "from_json",
    "gradient",
    "hadamard",
    "identity",
    "ones",
    "second_derivative",
    "series",
    "time_derivative",
    "tr",
    "zeros",
]
