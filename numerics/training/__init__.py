"""Training runs: from data, a network and seeds to a record."""
