"""The kernels of infinitely wide networks, between groups of samples or between all pairs."""
