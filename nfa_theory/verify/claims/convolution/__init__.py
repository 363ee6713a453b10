"""Checks of the claims on convolutions, by networks of `numerics`."""
