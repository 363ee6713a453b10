"""Where gradients of pre-activations are added up, in the form that is smallest for a layer.

`units`: covariances K, k x k. `rows`: the gradients themselves, where they are fewer than units. `inputs`: what they
make of the weights, m x m, for layers with far more units than inputs.
"""
