"""Features of a low-rank teacher with and without SLO."""
