"""Batch size and early alignment."""
