"""`nfa reproduce`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nfa_theory.cli.options import Json, Quiet, Seed
from nfa_theory.cli.progress_bar import progress_bar
from numerics.errors import InputError


def reproduce(
    quick: Annotated[bool, typer.Option("--quick", metavar="", help="At most 2 minutes on 2 cores.")] = False,
    full: Annotated[bool, typer.Option("--full", metavar="", help="More seeds, images and widths: hours.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="For the results.")] = Path("nfa-results"),
    seed: Seed = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train networks on real images, predict their early alignment from the data alone, and compare.

    Writes figures, records, results.json and report.html. Exit status 0: the prediction held; 1: it was refuted.
    """
    from nfa_theory.cli.entry import HELD, REFUTED, interruptible
    from nfa_theory.reproduce import reproduce as run
    from nfa_theory.reproduce.results import to_json

    plan = choose_plan(quick=quick, full=full, seed=seed)
    with interruptible(out), progress_bar(quiet) as show:
        content = run(plan, out, show)
    if json_:
        typer.echo(to_json(content), nl=False)
    elif not quiet:
        typer.echo(summarize(content, out))
    raise typer.Exit(REFUTED if content["verdict"] == "refuted" else HELD)


def choose_plan(*, quick: bool, full: bool, seed: int) -> Any:
    """Find the plan that the options ask for.

    Parameters
    ----------
    quick, full : bool
        The options; at most one of them.
    seed : int
        The seed.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    InputError
        If both are given, or the seed is out of range.
    """
    from dataclasses import replace

    from nfa_theory.reproduce import PLANS

    if quick and full:
        raise InputError("give --quick or --full, not both")
    return replace(PLANS["quick" if quick else "full" if full else "standard"], seed=seed)


def summarize(content: dict[str, Any], out: Path) -> str:
    """Say the outcome in a few lines.

    Parameters
    ----------
    content : dict
        What ``results.json`` holds.
    out : pathlib.Path
        Where everything was written.

    Returns
    -------
    str
        A small table, and where to read on.
    """
    lines = ["Early C-NFA   predicted   measured (extrapolated to infinite width)"]
    lines += [
        f"layer {layer['layer']:<8}{layer['predicted']:.4f}      {layer['extrapolated']:.4f} ± "
        f"{layer['standard_error']:.4f}   {layer['verdict']}"
        for layer in content["early_alignment"]["layers"]
    ]
    return "\n".join([*lines, f"Open {out / 'report.html'}; figures, records and results.json lie beside it."])
