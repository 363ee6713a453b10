"""One-pass SGD in high dimension: finite steps, batches and label noise, followed through overlaps of the weights."""
