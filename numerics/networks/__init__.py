"""Networks as values: parametrizations, initial weights, forward and backward passes, losses."""
