"""Convolutions: weights that are shared by the positions of an image, as one layer and in wide networks.

Read `shared_weights` first: what is said of any layer at early times holds with a row for each position of a sample.
`kernels` brings the kernels of wide networks through a convolution, up and down; `joints` does so through what stands
between convolutions: pooling, residual branches, and the readout.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="convolution",
    title="Convolutional networks",
    summary="Weights shared by positions: a row is a position of a sample, and kernels run between positions.",
    reading_order=("shared_weights", "kernels", "joints"),
)
