"""`nfa reproduce`: the main job."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from nfa_theory.cli.completion import complete_claim
from nfa_theory.cli.options import Force, Json, Quiet, Scheduler, Seed
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import check_folder
from numerics.errors import InputError

RESULTS = ("report.html", "results.json", "figures", "records")
"""What the results consist of; none of it may be there before, unless with --force."""

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CLAIM",
        help="Judge this claim alone; may be repeated.",
        show_default=False,
        autocompletion=complete_claim,
    ),
]


def reproduce(
    quick: Annotated[bool, typer.Option("--quick", metavar="", help="At most 3 minutes on 2 cores.")] = False,
    full: Annotated[bool, typer.Option("--full", metavar="", help="More seeds, images and widths: hours.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="For the results.")] = Path("nfa-results"),
    only: Only = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", metavar="", help="Put the report's chapters into its one file.")
    ] = False,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", metavar="", help="Derive again what an earlier run on the same sources derived."),
    ] = False,
    seed: Seed = 0,
    scheduler: Scheduler = None,
    force: Force = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Derive every claim, judge it by simulation, train networks on real images, and write it all into a report.

    Writes report.html with its chapters, results.json, figures and records, all or nothing. Exit status 0: nothing was
    refuted; 1: a claim or a prediction was, or a check crashed. `--only` judges single claims, without the networks on
    images.
    """
    from nfa_theory.cli.outcomes import FAILED, HELD, REFUTED, interruptible
    from nfa_theory.reproduce import reproduce as run
    from nfa_theory.reproduce.results import to_json
    from nfa_theory.sweeps.cluster import workers_at

    plan = choose_plan(quick=quick, full=full, seed=seed, only=tuple(only or ()))
    check_folder(out, names=RESULTS, replace=force)
    with interruptible(out), workers_at(scheduler) as workers, progress_bar(quiet) as show:
        content = run(plan, out, show, single_file=single_file, cache=not no_cache, workers=workers)
    if json_:
        typer.echo(to_json(content), nl=False)
    elif not quiet:
        typer.echo(summarize(content, out))
    raise typer.Exit(REFUTED if content["verdict"] in FAILED else HELD)


def choose_plan(*, quick: bool, full: bool, seed: int, only: tuple[str, ...] = ()) -> Any:
    """Find the plan that the options ask for."""
    from dataclasses import replace

    from nfa_theory.reproduce import PLANS

    if quick and full:
        raise InputError("give --quick or --full, not both")
    chosen = replace(PLANS["quick" if quick else "full" if full else "standard"], seed=seed)
    return replace(chosen, claims=tuple(dict.fromkeys(only)), networks=False) if only else chosen


def summarize(content: dict[str, Any], out: Path) -> str:
    """Say the outcome in a few lines."""
    from nfa_theory.cli.outcomes import FAILED

    counts = Counter(each["status"] for each in content["court"]["claims"])
    lines = [f"Claims: {', '.join(f'{count} {status}' for status, count in sorted(counts.items()))}"]
    failed = [each for each in content["court"]["claims"] if each["status"] in FAILED]
    lines += [f"{each['status']}: {each['claim']}" for each in failed]
    if "early_alignment" in content:
        lines.append("Early C-NFA   predicted   measured (extrapolated to infinite width)")
        lines += [
            f"layer {layer['layer']:<8}{layer['predicted']:.4f}      {layer['extrapolated']:.4f} ± "
            f"{layer['standard_error']:.4f}   {layer['verdict']}"
            for layer in content["early_alignment"]["layers"]
        ]
    return "\n".join([*lines, f"Open {out / 'report.html'}; results.json lies beside it."])
