"""The main job from data to a folder that holds everything, written whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import xarray as xr

from nfa_theory.figures import (
    alignment_figure,
    decomposition_figure,
    finite_width_figure,
    prediction_figure,
    write_figure,
)
from nfa_theory.files import staged_folder, write_atomically
from nfa_theory.report import report
from nfa_theory.reproduce.early_alignment import measure_early_alignment
from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.progress import Progress, Work
from nfa_theory.reproduce.results import results, to_json
from nfa_theory.reproduce.training import run_training
from nfa_theory.reproduce.width_table import compare_on
from numerics.data import load_dataset
from numerics.records import save_record


def reproduce(plan: Plan, out: str | os.PathLike[str], progress: Progress | None = None) -> dict[str, Any]:
    """Train, predict, measure and compare; write figures, records, ``results.json`` and ``report.html``.

    Parameters
    ----------
    plan : Plan
        What to run.
    out : path
        The folder for the results. Nothing appears in it before everything is done.
    progress : callable, optional
        Called as ``progress(share, what)``.

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
        data = load_dataset(plan.data, dtype="float32")
        work = Work(plan, data.X.shape[1], data.Y.shape[1], len(data.X), progress)
        record = run_training(data, plan, work.training_progress)
        trained = time.perf_counter()
        few = load_dataset(plan.data, train=plan.prediction_samples, test=0, dtype="float32", seed=plan.seed)
        table = measure_early_alignment(few.X, few.Y, plan, work.after_network)
        measured = time.perf_counter()
        widths = compare_on(plan.grid(), plan.seed, work.after_case)
        durations = {"training": trained - start, "early_alignment": measured - trained}
        durations["finite_width"] = time.perf_counter() - measured
        content = results(record, table, widths, plan, data, durations)
        if progress is not None:
            progress(1.0, "drawing figures")
        write_results(folder, record, table, widths, content)
    return content


def write_results(
    folder: Path, record: xr.Dataset, table: xr.Dataset, widths: xr.Dataset, content: dict[str, Any]
) -> None:
    """Write everything that a run of the main job leaves behind.

    Parameters
    ----------
    folder : pathlib.Path
        An existing folder.
    record, table, widths : xarray.Dataset
        The training runs, early C-NFA, and its means at finite width.
    content : dict
        What ``results.json`` holds.
    """
    figures = [
        alignment_figure(record),
        prediction_figure(table),
        decomposition_figure(record),
        finite_width_figure(widths),
    ]
    for name in ("figures", "records"):
        (folder / name).mkdir()
    for figure in figures:
        write_figure(figure, folder / "figures")
    save_record(record, folder / "records" / "training.nc")
    save_record(table, folder / "records" / "early_alignment.nc")
    save_record(widths, folder / "records" / "finite_width.nc")
    write_atomically(folder / "report.html", report(content, figures))
    write_atomically(folder / "results.json", to_json(content))
