"""An experiment as files: its record, its verdict and its figures, all of them or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment, verdict_of
from nfa_theory.experiments.frame.pieces import forget
from nfa_theory.files import staged_folder
from nfa_theory.workers import Progress, Workers
from numerics.errors import InputError
from numerics.training.records import save_record

UNFINISHED: Final = ".unfinished"
"""Folder, beside the results, of the records of settings that are done while the experiment is not."""


def run_to_files(
    experiment: Experiment, out: Path, options: dict[str, Any], progress: Progress, workers: Workers | None = None
) -> tuple[xr.Dataset, list[Path]]:
    """Run an experiment and write ``record.nc``, ``verdict.json`` and every figure as PDF, PNG and CSV."""
    from nfa_theory.figures.export import write_figure

    if out.exists() and not out.is_dir():
        raise InputError(f"the output must be a folder, got the file {str(out)!r}")
    kept = out / UNFINISHED / experiment.name
    record = experiment(folder=kept, progress=progress, workers=workers, **options)
    with staged_folder(out) as staged:
        save_record(record, staged / "record.nc")
        (staged / "verdict.json").write_text(json.dumps(report_of(record), indent=2) + "\n", encoding="utf-8")
        names = ["record.nc", "verdict.json"]
        for figure in experiment.draw(record):
            progress(1.0, f"drawing {figure.name}")
            names += [path.name for path in write_figure(figure, staged)]
    forget(kept)
    return record, [out / name for name in names]


def report_of(record: xr.Dataset) -> dict[str, Any]:
    """Return what a record says about its claim: the claim, the verdict, the options, the version."""
    return {
        "experiment": record.attrs["experiment"],
        "claim": record.attrs["claim"],
        **verdict_of(record),
        "options": json.loads(record.attrs["options"]),
        "version": record.attrs["version"],
    }


def as_text(record: xr.Dataset) -> str:
    """Tell the verdict in a line for the claim and one for each part."""
    report = report_of(record)
    why = f" ({report['missing']})" if report["missing"] else ""
    lines = [f"{report['experiment']}: {report['outcome']}{why}", report["claim"]]
    for part in report["parts"]:
        error = part["standard_error"]
        spread = "" if error is None else f" ± {error:.2g}"
        mean = "undefined" if part["mean"] is None else f"{part['mean']:.4g}{spread}"
        p_value = "" if part["p_value"] is None else f", p = {part['p_value']:.2g}"
        lines.append(f"  {part['outcome']:<10}{part['statement']}: {mean}{p_value}")
    return "\n".join(lines)
