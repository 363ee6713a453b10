"""From a figure to bytes: PDF, PNG and SVG without dates, and the plotted numbers as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from nfa_theory.figures.style import Columns, paper_style
from nfa_theory.files import write_atomically

Format = Literal["pdf", "png", "svg"]
# Without these, matplotlib writes the time of day or its own version.
_METADATA: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


@dataclass(frozen=True)
class NamedFigure:
    """A figure with what must go with it: a title, a caption, a text for those who cannot see it, its numbers.

    Parameters
    ----------
    name : str
        Stem of the file names.
    title : str
        Heading, a few words.
    caption : str
        What is drawn, with every band and error bar explained.
    alt : str
        The message of the figure in words and numbers.
    draw : callable
        Draws the figure for one or two columns: ``draw(columns) -> Figure``; called within the package's style.
    header : sequence of str
        Names of the columns of the data.
    rows : sequence of sequences
        The plotted numbers.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[Columns], Figure]
    header: Sequence[str]
    rows: Sequence[Sequence[float | int | str]]


def render(figure: NamedFigure, file_format: Format, columns: Columns = 2) -> bytes:
    """Draw a figure to bytes; the same record always gives the same bytes.

    Parameters
    ----------
    figure : NamedFigure
        What to draw.
    file_format : {"pdf", "png", "svg"}
        PDF embeds its fonts, PNG has 300 dots per inch, SVG leaves letters and the ground to the page it stands on.
    columns : {1, 2}
        For one column of a paper (3.4 in) or for two (7 in).

    Returns
    -------
    bytes
        The file.
    """
    with paper_style():
        drawn = figure.draw(columns)
        buffer = io.BytesIO()
        transparent = file_format == "svg"
        drawn.savefig(buffer, format=file_format, metadata=_METADATA[file_format], transparent=transparent)
    return buffer.getvalue()


def data_as_csv(figure: NamedFigure) -> str:
    """Write the plotted numbers as comma-separated values, at full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(figure.header)
    for row in figure.rows:
        writer.writerow(["" if cell != cell else repr(cell).strip("'") for cell in row])
    return text.getvalue()


def write_figure(figure: NamedFigure, folder: str | Path) -> list[Path]:
    """Write a figure as PDF and PNG in both sizes, and its data as CSV.

    Parameters
    ----------
    figure : NamedFigure
        What to write.
    folder : path
        An existing folder.

    Returns
    -------
    list of pathlib.Path
        The files: ``NAME.pdf``, ``NAME.png`` (two columns), ``NAME_one_column.pdf``, ``.png``, and ``NAME.csv``.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    contents = figure_files(figure)
    for name, content in contents.items():
        write_atomically(Path(folder) / name, content)
    return [Path(folder) / name for name in sorted(contents)]


def figure_files(figure: NamedFigure, formats: Sequence[Format] = ("pdf", "png")) -> dict[str, bytes]:
    """Draw a figure in both sizes and all formats, and write its data: bytes by the name of the file."""
    sizes: tuple[tuple[str, Columns], ...] = (("", 2), ("_one_column", 1))
    drawings = {
        f"{figure.name}{suffix}.{kind}": render(figure, kind, columns) for suffix, columns in sizes for kind in formats
    }
    return {f"{figure.name}.csv": data_as_csv(figure).encode(), **drawings}
