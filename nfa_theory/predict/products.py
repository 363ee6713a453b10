"""Products of large matrices with one BLAS, without copies.

NumPy and SciPy may each come with a BLAS of their own, whose idle threads wait in a loop for some milliseconds;
products that alternate between the two take up to twice as long. SciPy's also multiplies by a symmetric matrix of
which only one triangle is stored. Row-major arrays are passed as transposed column-major ones.
"""

from typing import Any

from scipy.linalg import get_blas_funcs


def product(A: Any, B: Any) -> Any:
    """Compute ``A B`` of two row-major arrays."""
    return get_blas_funcs("gemm", dtype=A.dtype)(1.0, B.T, A.T).T


def product_with_transposed(A: Any, B: Any) -> Any:
    """Compute ``A B^T`` of two row-major arrays."""
    return get_blas_funcs("gemm", dtype=A.dtype)(1.0, B.T, A.T, trans_a=1).T


def product_of_transposed(A: Any, B: Any) -> Any:
    """Compute ``A^T B`` of two row-major arrays."""
    return get_blas_funcs("gemm", dtype=A.dtype)(1.0, B.T, A.T, trans_b=1).T


def gram_triangle(X: Any) -> Any:
    """Compute ``X X^T`` of a row-major array, on and above the diagonal of a square one; what is below is undefined."""
    return get_blas_funcs("syrk", dtype=X.dtype)(1.0, X.T, trans=1, lower=1).T


def times_symmetric(A: Any, square: Any, out: Any) -> None:
    """Write ``A S`` into `out`, where `square` holds the symmetric ``S`` on and above its diagonal; all row-major."""
    symm = get_blas_funcs("symm", dtype=A.dtype)
    symm(1.0, square.T, A.T, 0.0, out.T, side=0, lower=1, overwrite_c=1)
