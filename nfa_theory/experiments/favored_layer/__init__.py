"""SLO on each layer in turn."""
