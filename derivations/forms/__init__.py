"""What closed forms are made of: alignment ratios, their response to small changes, series, rewriting, numbers."""
