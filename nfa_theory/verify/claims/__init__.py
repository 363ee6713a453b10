"""The checks of the claims, one module per family with its checks in ``CHECKS``."""
