"""`nfa figures`: draw the figures of records that exist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nfa_theory.cli.options import Force, Json, Quiet
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import staged_folder
from numerics.errors import InputError


def figures(
    records: Annotated[
        list[Path], typer.Argument(metavar="RECORDS...", help="Records (netCDF) of simulate, reproduce or experiments.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the figures.")],
    force: Force = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the figures of every record, as PDF, PNG and CSV, in a folder named after the record.

    What a record is stands in the record: a training run gives its alignment and its decomposition, a table of early
    alignments the prediction beside the measurement, an experiment its own figure. Each comes for one and for two
    columns of a paper, with its data and its caption.
    """
    from nfa_theory.cli.outcomes import interruptible
    from nfa_theory.figures.export import write_figure
    from nfa_theory.figures.gallery import figures_of, read_record

    stems = [path.stem for path in records]
    if len(set(stems)) < len(stems):
        raise InputError(f"records must have different names, got {', '.join(map(str, records))}")
    written: dict[str, list[str]] = {}
    with (
        interruptible(out),
        progress_bar(quiet) as show,
        staged_folder(out, names=stems, replace=force, inputs=records) as staged,
    ):
        drawn = {path: figures_of(read_record(path)) for path in records}  # all are read before any is drawn
        total, done = sum(map(len, drawn.values())), 0
        for path, found in drawn.items():
            (staged / path.stem).mkdir()
            for figure in found:
                show(done / total, f"drawing {figure.title.lower()}")
                files = write_figure(figure, staged / path.stem)
                written.setdefault(str(path), []).extend(str(out / path.stem / file.name) for file in files)
                done += 1
    if json_:
        typer.echo(json.dumps(written, indent=2))
    elif not quiet:
        typer.echo("\n".join(f"{out / path.stem}: {', '.join(f.name for f in drawn[path])}" for path in records))
