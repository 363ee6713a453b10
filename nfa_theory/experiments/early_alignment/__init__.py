"""Early alignment, predicted before training and measured."""
