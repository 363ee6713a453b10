"""Kernels that stand still and features that move, side by side."""
