"""Both exponents of the ansatz in one training run."""
