"""Alignment through training."""
