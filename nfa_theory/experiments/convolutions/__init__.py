"""VGG-11 and a multilayer perceptron through training."""
