"""`nfa verify`: claims against simulation, with a stated error rate, and proof that the checks could have failed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.completion import complete_claim, offer
from nfa_theory.cli.options import Force, Json, Quiet, Scheduler, Seed
from nfa_theory.cli.outcomes import FAILED, HELD, REFUTED
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import check_target
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.verify import Refutation, Verdict

Claims = Annotated[
    list[str] | None,
    typer.Argument(metavar="CLAIM", help="Names from `nfa list`; none: all claims.", autocompletion=complete_claim),
]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="CLAIM", help="Of --from, only this claim.", show_default=False)
]
From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Judge again what this results.json holds, same seed.")
]


def verify(
    claims: Claims = None,
    refute: Annotated[bool, typer.Option("--refute", metavar="", help="Judge wrong versions of the claims.")] = False,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="default sees errors of 2 % in a coefficient, quick of 5 %.",
            autocompletion=offer(lambda: ("default", "quick")),
        ),
    ] = "default",
    from_: From = None,
    only: Only = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write results.json here.")] = None,
    force: Force = False,
    seed: Seed = 0,
    scheduler: Scheduler = None,
    quiet: Quiet = False,
    json_: Json = False,
) -> int:
    """Check claims against simulation; exit status 1 if one is refuted or cannot be judged.

    The chance that verifying all claims rejects a true one is at most 1e-6. `--refute` sends wrong versions of each
    claim (a coefficient changed, a term dropped, matrices swapped, a power off by one, a transpose lost) through the
    same measurements, counts how many are refused, and says of each other one why.
    """
    if out is not None:
        check_target(out, replace=force, inputs=[] if from_ is None else [from_])
    names = list(claims or ())
    if from_ is not None:
        names, seed, profile = _chosen(from_, names + list(only or ()))
    elif only:
        raise InputError("--only chooses among the claims of --from, got no --from")
    if refute:
        return _refute(names, seed, profile, scheduler, quiet=quiet, json_=json_)
    return _verify(names, seed, profile, out, scheduler, quiet=quiet, json_=json_)


def _chosen(path: Path, only: list[str]) -> tuple[list[str], int, str]:
    from nfa_theory.verify.results import read_settings

    seed, profile, known = read_settings(path)
    for name in only:
        if name not in known:
            raise InputError(f"--only must name a claim of {path}, got {name!r}")
    return only or known, seed, profile


def _verify(
    names: list[str], seed: int, profile: str, out: Path | None, scheduler: str | None, *, quiet: bool, json_: bool
) -> int:
    from nfa_theory.files import write_atomically
    from nfa_theory.sweeps.cluster import workers_at
    from nfa_theory.verify.results import court_results
    from nfa_theory.verify.run import verify_claims

    start = time.perf_counter()
    with workers_at(scheduler) as workers, progress_bar(quiet) as show:
        verdicts = verify_claims(names, seed, profile, progress=show, workers=workers)
    content = court_results(verdicts, seed, profile, time.perf_counter() - start)
    if out is not None:
        write_atomically(out, json.dumps(content, indent=2) + "\n")
    if json_:
        typer.echo(json.dumps(content, indent=2))
    elif not quiet:
        typer.echo(summary(verdicts))
    return REFUTED if any(verdict.status in FAILED for verdict in verdicts) else HELD


def summary(verdicts: list[Verdict]) -> str:
    """Put verdicts into a table, and say of each claim that failed what went wrong."""
    from nfa_theory.verify.explain import explanation

    width = max(len(verdict.claim) for verdict in verdicts)
    lines = [_row(verdict, width) for verdict in verdicts]
    counts = {status: sum(verdict.status == status for verdict in verdicts) for status in _STATUSES}
    total = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    failed = [explanation(verdict) for verdict in verdicts if verdict.status in FAILED]
    return "\n".join([*lines, f"{len(verdicts)} claims: {total}", *failed])


_STATUSES = ("held", *FAILED, "undecided", "unchecked")


def _row(verdict: Verdict, width: int) -> str:
    kinds = ", ".join(dict.fromkeys(finding.kind for finding in verdict.findings))
    draws = f", {verdict.replicates} replicates" if verdict.replicates else ""
    unseen = f", {len(verdict.unseen)} slight errors unseen" if verdict.unseen else ""
    count = f"{len(verdict.findings)} quantities: {kinds}{draws}{unseen}" if verdict.findings else "nothing measured"
    return f"{verdict.claim:<{width}}  {verdict.status:<9}  {count}"


def _refute(names: list[str], seed: int, profile: str, scheduler: str | None, *, quiet: bool, json_: bool) -> int:
    from nfa_theory.sweeps.cluster import workers_at
    from nfa_theory.verify.refutation import share_refused
    from nfa_theory.verify.run import refute_claims

    with workers_at(scheduler) as workers, progress_bar(quiet) as show:
        found = refute_claims(names, seed, profile, progress=show, workers=workers)
    if json_:
        counts = {"killed": sum(each.killed for each in found), "total": sum(each.total for each in found)}
        typer.echo(json.dumps({"seed": seed, **counts, "claims": [_content(each) for each in found]}, indent=2))
    elif not quiet:
        typer.echo("\n".join([*map(_refuted, found), share_refused(found)]))
    return HELD


def _content(found: Refutation) -> dict[str, Any]:
    return asdict(found) | {"killed": found.killed, "equivalent": found.equivalent}


def _refuted(found: Refutation) -> str:
    survivors = (f"  survived: {each.description}\n    {each.reason}" for each in found.survivors)
    return "\n".join([f"{found.claim}: killed {found.killed} of {found.total}", *survivors])
