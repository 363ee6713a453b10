"""The early alignment of convolutional networks: kernels between positions of samples, and what follows from them."""
