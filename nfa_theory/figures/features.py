"""The features of one layer on one page: the AGOP, the NFM beside it, and the spectra of both."""

from __future__ import annotations

from matplotlib.figure import Figure

from nfa_theory.figures.agop import diagonal_image, plot_agop
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.spectrum import plot_spectrum, relative_eigenvalues
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from numerics.feature_matrices.alignments import alignment
from numerics.feature_matrices.definitions import Features


def features_figure(features: Features, image_shape: tuple[int, ...] | None = None) -> NamedFigure:
    """Make the figure of a layer's features, with its caption and its data.

    Parameters
    ----------
    features : Features
        What `nfa_theory.features` returned.
    image_shape : (height, width) or (height, width, channels), optional
        Draws the diagonals of a first layer as images instead of the matrices.

    Returns
    -------
    NamedFigure
        Ready to be rendered; its data are the eigenvalues.
    """
    matrices = {"NFM": features.nfm, "AGOP": features.agop}
    spectra = {label: relative_eigenvalues(matrix) for label, matrix in matrices.items()}
    if image_shape is not None:
        diagonal_image(features.nfm, image_shape)  # a shape that does not fit is refused here, not while drawing

    def draw(columns: Columns) -> Figure:
        wide = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.5) if wide else (ONE_COLUMN, 4.4))
        axes = figure.subplot_mosaic("NAS" if wide else "NA;SS")
        for place, (label, matrix) in zip("NA", matrices.items(), strict=True):
            plot_agop(axes[place], matrix, image_shape)
            axes[place].set_title(label)
        plot_spectrum(axes["S"], matrices)
        return figure

    shown = "their diagonals as images (dark: large)" if image_shape else "entries over the largest (red +, blue −)"
    rho = alignment(features.nfm, features.agop)
    return NamedFigure(
        name="features",
        title=f"Features of layer {features.layer}",
        caption=(
            f"Layer {features.layer}: neural feature matrix (NFM) and average gradient outer product (AGOP), {shown}, "
            "and their eigenvalues over the largest, without those that are rounding."
        ),
        alt=(
            f"NFM and AGOP of layer {features.layer} side by side; the cosine between them is {rho:.3f}. "
            + " ".join(
                f"{(s > 0.01).sum()} eigenvalues of the {k} exceed 1% of its largest." for k, s in spectra.items()
            )
        ),
        draw=draw,
        header=["matrix", "rank", "eigenvalue_over_largest"],
        rows=[[label, i + 1, float(value)] for label, share in spectra.items() for i, value in enumerate(share)],
    )
