"""`nfa experiment`: the paper's experiments, each with a claim, a verdict and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from nfa_theory.cli.numbers import integer
from nfa_theory.cli.options import Force, Json, Quiet, Scheduler
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import check_folder
from numerics.errors import InputError


def experiment(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which experiment; see --list.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the experiments and their claims.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results. (default: NAME)")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small size; its verdict is for that size.")] = False,
    paper: Annotated[bool, typer.Option("--paper", help="The size of the paper's own run; may take days.")] = False,
    seeds: Annotated[
        int | None, typer.Option("--seeds", parser=integer, metavar="N", help="Number of runs, each with its seed.")
    ] = None,
    first_seed: Annotated[
        int | None,
        typer.Option("--first-seed", parser=integer, metavar="N", help="Seeds N, N + 1, ... (default: its own)"),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="A named set of images, or teacher. (default: its own)")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", parser=integer, metavar="N", help="Take only N training images.")
    ] = None,
    scheduler: Scheduler = None,
    force: Force = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train, measure, judge the claim, draw: record.nc, verdict.json, and figures as PDF, PNG and CSV.

    Stop it with Ctrl-C and type the same line again: it goes on after the last setting that was done.
    Exit status: 0 the claim held, or the seeds do not decide; 1 it was refuted.
    """
    from nfa_theory.cli.outcomes import HELD, INTERRUPTED, REFUTED, complain
    from nfa_theory.experiments import all_experiments, find_experiment
    from nfa_theory.experiments.frame.outputs import UNFINISHED, as_text, report_of, run_to_files
    from nfa_theory.sweeps.cluster import workers_at

    if list_:
        _list(all_experiments().values(), as_json=json_)
        return
    if name is None:
        raise InputError("NAME must be an experiment (nfa experiment --list shows them), got none")
    chosen = find_experiment(name)
    folder = Path(name) if out is None else out
    started = (folder / UNFINISHED / chosen.name).exists()  # then what lies there was allowed, or is its own
    check_folder(folder, names=("record.nc", "verdict.json"), replace=force or started)
    options = options_of(
        chosen, quick=quick, paper=paper, seeds=seeds, first_seed=first_seed, data=data, samples=samples
    )
    try:
        with workers_at(scheduler) as workers, progress_bar(quiet) as show:
            record, files = run_to_files(chosen, folder, options, show, workers)
    except KeyboardInterrupt:
        message = f"interrupted; the same command goes on where it stopped (kept in {folder})"
        raise typer.Exit(complain(message, INTERRUPTED)) from None
    report = report_of(record)
    if json_:
        typer.echo(json.dumps(report | {"files": [str(path) for path in files]}, indent=2))
    elif not quiet:
        typer.echo(f"{as_text(record)}\n{folder}: {', '.join(path.name for path in files)}")
    raise typer.Exit(REFUTED if report["outcome"] == "refuted" else HELD)


def options_of(
    chosen: Any,
    *,
    quick: bool,
    seeds: int | None,
    first_seed: int | None,
    data: str | None,
    samples: int | None,
    paper: bool = False,
) -> dict[str, Any]:
    """Translate what the command line asks for into options of an experiment."""
    if seeds is not None and seeds < 1:
        raise InputError(f"--seeds must be at least 1, got {seeds}")
    if first_seed is not None and first_seed < 0:
        raise InputError(f"--first-seed must be at least 0, got {first_seed}")
    if quick and paper:
        raise InputError("--quick and --paper are two sizes: give one")
    if paper and chosen.paper is None:
        raise InputError(f"--paper is for experiments with a preset of the paper's settings, got {chosen.name!r}")
    options = dict(chosen.quick if quick else chosen.paper if paper else {})
    if seeds is not None or first_seed is not None:
        usual = options.get("seeds", chosen.defaults["seeds"])
        first = usual[0] if first_seed is None else first_seed
        options["seeds"] = tuple(range(first, first + (seeds or len(usual))))
    for flag, option, value in (("--data", "data", data), ("--samples", "train", samples)):
        if value is None:
            continue
        if option not in chosen.defaults:
            raise InputError(f"{flag} is for experiments on images or named teachers, got {chosen.name!r}")
        options[option] = value
    return options


def _list(experiments: Any, *, as_json: bool) -> None:
    if as_json:
        entries = [
            {key: getattr(each, key) for key in ("name", "title", "claim", "defaults", "source")}
            for each in experiments
        ]
        typer.echo(json.dumps(entries, indent=2))
        return
    width = max(len(each.name) for each in experiments)
    typer.echo("\n".join(f"{each.name:{width}}  {each.claim}" for each in experiments))
