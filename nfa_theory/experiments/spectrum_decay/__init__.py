"""Early alignment against the decay of the input spectrum."""
