"""`nfa figures`: draw the figures of records that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nfa_theory.cli.options import Quiet
from nfa_theory.files import staged_folder
from numerics.errors import InputError


def figures(
    records: Annotated[list[Path], typer.Argument(metavar="RECORDS...", help="Records that `nfa simulate` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the figures.")],
    quiet: Quiet = False,
) -> None:
    """Draw alignment and decomposition of every record, as PDF, PNG and CSV, in a folder named after the record.

    Example: nfa figures run.nc --out figures
    """
    from nfa_theory.cli.entry import interruptible
    from nfa_theory.figures import alignment_figure, decomposition_figure, write_figure
    from numerics import load_record

    stems = [path.stem for path in records]
    if len(set(stems)) < len(stems):
        raise InputError(f"records must have different names, got {', '.join(map(str, records))}")
    with interruptible(out), staged_folder(out) as staged:
        for path in records:
            record = load_record(path)
            folder = staged / path.stem
            folder.mkdir()
            for figure in (alignment_figure(record), decomposition_figure(record)):
                write_figure(figure, folder)
    if not quiet:
        typer.echo("\n".join(f"{out / stem}: alignment and decomposition, as PDF, PNG and CSV" for stem in stems))
