"""SLO on each convolution in turn."""
