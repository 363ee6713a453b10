"""The main job from data to a folder that holds everything, written whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import xarray as xr

from nfa_theory.figures import (
    NamedFigure,
    alignment_figure,
    decomposition_figure,
    early_alignment_figure,
    finite_width_figure,
    prediction_figure,
    render,
    write_figure,
)
from nfa_theory.figures.style import Columns
from nfa_theory.files import staged_folder, write_atomically
from nfa_theory.report import write_report
from nfa_theory.reproduce.court import judge_claims
from nfa_theory.reproduce.early_alignment import measure_early_alignment
from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.progress import Progress, Work, part
from nfa_theory.reproduce.results import network_results, network_verdicts, results, to_json, worst
from nfa_theory.reproduce.training import run_training
from nfa_theory.reproduce.width_table import compare_on
from numerics.data import load_dataset
from numerics.training.records import save_record

CLAIMS_SHARE = 0.5
"""Of the progress: about the time that the claims take in the quick plan, beside the networks."""
FIGURE_TEXTS = ("name", "title", "caption", "alt")
"""What ``results.json`` tells of each figure."""
DRAWINGS: dict[str, Columns] = {"": 2, "_one_column": 1}
"""Endings of the names of a figure's drawings, for wide pages and for narrow ones."""


def reproduce(
    plan: Plan, out: str | os.PathLike[str], progress: Progress | None = None, *, single_file: bool = False
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

    Returns
    -------
    dict
        What ``results.json`` holds.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    with staged_folder(out) as folder:
        start = time.perf_counter()
        share = CLAIMS_SHARE if plan.networks else 1.0
        court, judged = judge_claims(plan, part(progress, 0.0, share))
        documents = {each.document["name"]: each.document for each in judged}
        durations = {"claims": time.perf_counter() - start}
        if not plan.networks:
            content = results(court, plan, durations)
            write_atomically(folder / "results.json", to_json(content))
            write_report(folder, documents, single_file=single_file)
            return content
        data = load_dataset(plan.data, dtype="float32")
        work = Work(plan, data.X.shape[1], data.Y.shape[1], len(data.X), part(progress, share, 1.0))
        start = time.perf_counter()
        record = run_training(data, plan, work.training_progress)
        durations["training"] = time.perf_counter() - start
        few = load_dataset(plan.data, train=plan.prediction_samples, test=0, dtype="float32", seed=plan.seed)
        start = time.perf_counter()
        table = measure_early_alignment(few.X, few.Y, plan, work.after_network)
        durations["early_alignment"] = time.perf_counter() - start
        start = time.perf_counter()
        widths = compare_on(plan.grid(), plan.seed, work.after_case)
        durations["finite_width"] = time.perf_counter() - start
        networks = network_results(record, table, widths, plan, data)
        content = results(court, plan, durations) | networks
        content["verdict"] = worst([content["verdict"], *network_verdicts(networks)])
        if progress is not None:
            progress(1.0, "drawing figures")
        figures = write_records(folder, record, table, widths)
        content["figures"] = [{key: getattr(each, key) for key in FIGURE_TEXTS} for each in figures]
        write_atomically(folder / "results.json", to_json(content))
        write_report(folder, documents, single_file=single_file)
    return content


def write_records(folder: Path, record: xr.Dataset, table: xr.Dataset, widths: xr.Dataset) -> list[NamedFigure]:
    """Write what networks on real images leave behind."""
    figures = [
        early_alignment_figure(table),
        alignment_figure(record),
        prediction_figure(table),
        decomposition_figure(record),
        finite_width_figure(widths),
    ]
    for name in ("figures", "records"):
        (folder / name).mkdir()
    for figure in figures:
        write_figure(figure, folder / "figures")
        for suffix, columns in DRAWINGS.items():
            write_atomically(folder / "figures" / f"{figure.name}{suffix}.svg", render(figure, "svg", columns))
    save_record(record, folder / "records" / "training.nc")
    save_record(table, folder / "records" / "early_alignment.nc")
    save_record(widths, folder / "records" / "finite_width.nc")
    return figures
