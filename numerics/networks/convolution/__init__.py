"""Convolutional networks as values: layers, positions, forward and backward passes by hand."""
