"""Alignment with exponents."""
