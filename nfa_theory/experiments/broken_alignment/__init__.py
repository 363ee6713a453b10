"""Data that break the early alignment."""
