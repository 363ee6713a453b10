"""The whole of training in the feature-learning limit (muP): neurons become particles that share one function."""
