"""FACT against the ansatz at convergence."""
