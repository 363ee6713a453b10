"""Exact expectations of trace polynomials over Gaussian and Wishart matrices and uniform signs."""
