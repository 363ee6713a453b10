"""Feature matrices of a layer from their definitions, alignments between them, and estimates of both."""
