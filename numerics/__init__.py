"""The networks, run: exact forward and backward passes, training, and measured alignments."""
