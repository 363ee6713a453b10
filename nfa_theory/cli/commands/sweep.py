"""`nfa sweep`: many runs from a plan, on one core or a cluster, and what is in their store."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.numbers import integer
from nfa_theory.cli.options import Force, Json, Quiet, Scheduler
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import staged_folder
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.sweeps import Summary

MOST_FAILURES = 10
"""So many failures are shown; `nfa sweep status` shows all."""

WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", parser=integer, metavar="N", help="Processes on this machine. (default: one a core)"),
]


def sweep(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A TOML file; or status, or figures, of a STORE.")],
    store: Annotated[str | None, typer.Argument(metavar="STORE", help="For status and figures.")] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="STORE", help="Folder or fsspec address of the runs. (default: PLAN.zarr)"),
    ] = None,
    scheduler: Scheduler = None,
    workers: WorkersOption = None,
    threads: Annotated[
        int, typer.Option("--threads", parser=integer, metavar="N", help="Threads of linear algebra of each worker.")
    ] = 1,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="Limit of each worker, 4GB. (default: equal shares)")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", metavar="", help="Compute failed runs again.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", metavar="", help="Check the plan, compute one run, tell time and disk, stop.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="With status: read every byte, name what is damaged.")
    ] = False,
    tls: Annotated[
        str | None,
        typer.Option("--tls", metavar="CA,CERT,KEY", help="Files (PEM) by which both sides prove themselves."),
    ] = None,
    of: Annotated[str, typer.Option("--of", metavar="VARIABLE", help="What figures show.")] = "c_nfa",
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="SETTING", help="Axes of figures. (default: all of numbers)")
    ] = None,
    force: Force = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compute every run of a plan once, and keep each as soon as it is done; type the same line again after any stop.

    `nfa sweep status STORE` tells how far a sweep is, `nfa sweep figures STORE --out DIR` draws it. A run that fails is
    recorded and does not stop the others. Exit status 0: all runs are there; 1: some failed; 2: bad input.
    """
    if plan in ("status", "figures"):
        if store is None:
            raise InputError(f"nfa sweep {plan} needs a STORE, got none")
        if plan == "status":
            return _status(store, check=check, json_=json_)
        return _figures(store, out, of, tuple(by or ()), force=force, json_=json_, quiet=quiet)
    if store is not None:
        raise InputError(f"nfa sweep takes one PLAN, got {store!r} beside it; --out names the store")
    options = {"threads": threads, "memory": _bytes(memory), "retry_failed": retry_failed}
    return _run(plan, out, (scheduler, workers, tls), options, only_estimate=estimate, json_=json_, quiet=quiet)


def _run(
    path: str,
    out: str | None,
    where: tuple[str | None, int | None, str | None],
    options: Mapping[str, Any],
    *,
    only_estimate: bool,
    json_: bool,
    quiet: bool,
) -> int:
    from nfa_theory.cli.outcomes import BAD_INPUT, HELD, REFUTED, complain, interruptible
    from nfa_theory.sweeps import Estimate, PlanError, read_plan, run

    try:
        plan = read_plan(path)
    except PlanError as error:
        for problem in error.problems:
            complain(problem, BAD_INPUT)
        return BAD_INPUT
    store = out if out is not None else str(Path(path).with_suffix(".zarr"))
    told: list[Estimate] = []

    def say(text: str) -> None:
        """Tell somebody who watches."""
        if not quiet and sys.stderr.isatty():
            typer.echo(text, err=True)

    def tell(found: Estimate) -> None:
        told.append(found)
        say(str(found))
        if only_estimate:
            raise _EnoughError

    def watch(address: str) -> None:
        needs = "" if find_spec("bokeh") else " (needs bokeh: pip install bokeh)"
        say(f"dashboard: {address}{needs}")

    with interruptible(f"the same command goes on (kept in {store})"), progress_bar(quiet) as show:
        say(f"{plan.title}: {len(plan.grid)} runs")
        try:
            with _client(*where) as client:
                found = run(
                    plan, store=store, client=client, workers=where[1], progress=show, told=tell, watch=watch, **options
                )
        except _EnoughError:
            typer.echo(json.dumps(vars(told[0]), indent=2) if json_ else str(told[0]))
            return HELD
    typer.echo(json.dumps(_content(found), indent=2) if json_ else "" if quiet else _text(found), nl=json_ or not quiet)
    return REFUTED if found.failures else HELD


class _EnoughError(Exception):
    """An estimate was all that was asked for."""


@contextmanager
def _client(scheduler: str | None, workers: int | None, tls: str | None) -> Iterator[Any]:
    """Connect to a scheduler, if there is one."""
    if scheduler is None:
        if tls is not None:
            raise InputError("--tls is for a scheduler, got no --scheduler")
        yield None
        return
    from nfa_theory.sweeps.clients import client_of

    if workers is not None:
        raise InputError(f"give --scheduler or --workers, not both, got {scheduler} and {workers}")
    with client_of(scheduler, read_tls(tls)) as client:
        yield client


def read_tls(text: str | None) -> dict[str, str] | None:
    """Read the three files of TLS.

    Examples
    --------
    >>> read_tls("ca.pem,cert.pem")
    Traceback (most recent call last):
    ...
    numerics.errors.InputError: --tls must be three files, CA,CERT,KEY, got 'ca.pem,cert.pem'
    """
    if text is None:
        return None
    files = text.split(",")
    if len(files) != 3:
        raise InputError(f"--tls must be three files, CA,CERT,KEY, got {text!r}")
    for file in files:
        if not Path(file).is_file():
            raise InputError(f"--tls must be three files, CA,CERT,KEY, got no file {file!r}")
    return dict(zip(("ca", "cert", "key"), files, strict=True))


def _bytes(text: str | None) -> int | None:
    """Read a size such as 4GB."""
    units = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
    if text is None:
        return None
    number, unit = text[:-2], text[-2:].lower()
    try:
        size = float(number) * units[unit]
    except (KeyError, ValueError):
        raise InputError(f"--memory must be a size such as 500MB or 4GB, got {text!r}") from None
    if not 0 < size < 2**62:
        raise InputError(f"--memory must be a size such as 500MB or 4GB, got {text!r}")
    return int(size)


def _content(found: Summary) -> dict[str, Any]:
    failures = [{"name": e.name, "settings": dict(e.settings), "message": e.message} for e in found.failures]
    return {**vars(found), "failures": failures}


def _text(found: Summary) -> str:
    from nfa_theory.sweeps.estimate import duration
    from nfa_theory.sweeps.status import shown

    there = found.total - len(found.failures)
    lines = [
        f"{found.store}: {there} of {found.total} runs ({found.computed} computed in {duration(found.seconds)}, "
        f"{found.before} there before), {len(found.failures)} failed"
    ]
    lines += [f"failed {e.name} ({shown(e.settings)}): {e.message}" for e in found.failures[:MOST_FAILURES]]
    if len(found.failures) > MOST_FAILURES:
        lines.append(f"... nfa sweep status {found.store} shows all; --retry-failed computes them again")
    return "\n".join(lines)


def _status(store: str, *, check: bool, json_: bool) -> int:
    from nfa_theory.cli.outcomes import HELD, REFUTED
    from nfa_theory.sweeps.status import status

    found = status(store, check=check)
    typer.echo(json.dumps([each.as_dict() for each in found], indent=2) if json_ else "\n".join(map(str, found)))
    return REFUTED if any(each.failures or each.damaged for each in found) else HELD


def _figures(
    store: str, out: str | None, of: str, by: tuple[str, ...], *, force: bool, json_: bool, quiet: bool
) -> int:
    from nfa_theory.cli.outcomes import HELD, interruptible
    from nfa_theory.figures import sweep_figures, write_figure
    from nfa_theory.sweeps import open as open_sweep

    if out is None:
        raise InputError("nfa sweep figures needs --out, a folder for the figures, got none")
    drawn = sweep_figures(open_sweep(store), of, by)
    names = [f"{figure.name}.pdf" for figure in drawn]
    with interruptible(Path(out)), staged_folder(out, names=names, replace=force) as staged:
        files = [str(Path(out) / path.name) for figure in drawn for path in write_figure(figure, staged)]
    if json_:
        typer.echo(json.dumps(files, indent=2))
    elif not quiet:
        typer.echo(f"{out}: {', '.join(figure.name for figure in drawn)}")
    return HELD
