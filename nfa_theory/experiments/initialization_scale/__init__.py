"""The effect of the initialization scale."""
