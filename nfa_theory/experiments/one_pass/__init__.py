"""One-pass SGD, predicted and simulated."""
