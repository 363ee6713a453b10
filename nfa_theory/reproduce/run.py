"""The main job: these experiments, all claims, one report; written whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from nfa_theory.experiments import find_experiment
from nfa_theory.experiments.frame.pieces import forget
from nfa_theory.figures.export import figure_files
from nfa_theory.files import staged_folder, write_atomically
from nfa_theory.report import write_report
from nfa_theory.reproduce.court import judge_claims
from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.results import results, to_json
from nfa_theory.workers import Job, Progress, Workers, part
from numerics.training.records import save_record

SHARES = {"claims": 50, "training": 20, "early_alignment": 12, "finite_width": 10, "figures": 8}
"""Of the progress, in percent: about the time that each part takes in the quick plan."""
FIGURE_TEXTS = ("name", "title", "caption", "alt")
"""What ``results.json`` tells of each figure."""


def reproduce(
    plan: Plan,
    out: str | os.PathLike[str],
    progress: Progress | None = None,
    *,
    single_file: bool = False,
    cache: bool = True,
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Judge the claims, train networks, predict, compare; write figures, records, ``results.json``, ``report.html``.

    Parameters
    ----------
    plan : Plan
        What to run.
    out : path
        The folder for the results. Nothing appears in it before everything is done.
    progress : callable, optional
        Called as ``progress(share, what)``.
    single_file : bool
        Put the chapters of the report into its one file, instead of pages beside it.
    cache : bool
        Whether derivations and their obligations may be read from the user's cache, where a run on the same sources
        put them. What is measured is always measured again.
    workers : Workers, optional
        Processes that compute; by default one for each core.

    Returns
    -------
    dict
        What ``results.json`` holds.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    experiments = plan.experiments()
    told = _Shares(progress, SHARES if experiments else {"claims": 100})
    records: dict[str, xr.Dataset] = {}
    kept = _pieces(plan, Path(out))
    with staged_folder(out) as folder, workers or Workers() as chosen:
        with told("claims") as tell:
            court, documents = judge_claims(plan, chosen, tell, cache=cache)
        for key, (name, options) in experiments.items():
            with told(key) as tell:
                part_of = None if kept is None else kept / key
                records[key] = find_experiment(name)(folder=part_of, progress=tell, workers=chosen, **options)
        content = results(court, records, plan, told.durations)
        if records:
            with told("figures") as tell:
                content["figures"] = write_records(folder, records, chosen, tell)
        write_atomically(folder / "results.json", to_json(content))
        write_report(folder, documents, single_file=single_file)
    if kept is not None:
        forget(kept)
    return content


def _pieces(plan: Plan, out: Path) -> Path | None:
    """Name the folder of settings that are done, for a plan of hours: killed, the same command goes on after them."""
    return out.absolute().with_name(f".{out.absolute().name}-pieces") if plan.name == "full" else None


def write_records(
    folder: Path, records: Mapping[str, xr.Dataset], workers: Workers, progress: Progress
) -> list[dict[str, str]]:
    """Write the records and their figures, and return the texts of the figures."""
    drawn = {key: find_experiment(record.attrs["experiment"]).draw(record) for key, record in records.items()}
    jobs = [
        Job(f"drawing {figure.name}", partial(_files, records[key], i))
        for key, figures in drawn.items()
        for i, figure in enumerate(figures)
    ]
    for name in ("figures", "records"):
        (folder / name).mkdir()
    for files in workers.run(jobs, progress):
        for name, content in files.items():
            write_atomically(folder / "figures" / name, content)
    for key, record in records.items():
        save_record(record, folder / "records" / f"{key}.nc")
    return [{text: getattr(each, text) for text in FIGURE_TEXTS} for figures in drawn.values() for each in figures]


def _files(record: xr.Dataset, number: int) -> dict[str, bytes]:
    """Draw one figure of a record, which is made again here: a drawing cannot go from process to process."""
    return figure_files(find_experiment(record.attrs["experiment"]).draw(record)[number], ("pdf", "png", "svg"))


class _Shares:
    """The parts of the job: each tells a share of the progress, and how long it took."""

    def __init__(self, progress: Progress | None, shares: Mapping[str, int]) -> None:
        self.progress, self.shares = progress, shares
        self.durations: dict[str, float] = {}
        self.done = 0

    @contextmanager
    def __call__(self, name: str) -> Iterator[Progress]:
        start, share = time.perf_counter(), self.shares[name]
        yield part(self.progress, self.done / 100, (self.done + share) / 100)
        self.done += share
        self.durations[name] = time.perf_counter() - start
