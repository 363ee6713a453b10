"""Statistics of simulations that are compared with predictions."""
