"""Predicted mean of the early C-NFA beside its mean over simulated networks, on real images, at finite width.

    python benchmarks/finite_width_grid.py measure     simulate what is missing; can be stopped and started again
    python benchmarks/finite_width_grid.py predict     the same for the predictions
    python benchmarks/finite_width_grid.py record      write benchmarks/records/finite_width.csv
    python benchmarks/finite_width_grid.py again       measure what deviates by more than three errors in new networks

Fashion-MNIST and MNIST, ten classes; ReLU, erf, GELU, tanh, quadratic; depth 1 to 5; widths 64 to 4096; 30 networks
each. What is done is kept in the folder that NFA_GRID names (default: grid). Each takes less than an hour on one core.
"""

import csv
import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from nfa_theory.reproduce.width_grid import Case, Grid, measure
from nfa_theory.reproduce.width_statistics import deviations
from nfa_theory.reproduce.width_table import COUNTS, NUMBERS, WORDS, as_table, rows_of

GRID = Grid(data=("fashion_mnist", "mnist"), depths=(1, 2, 3, 4, 5), widths=(64, 256, 1024, 4096))
NETWORKS = {64: 256, 256: 128, 1024: 32, 4096: 8}
"""Of each prediction, by width; 4096 takes four times as many networks of a quarter and of an eighth of the width."""
NETWORKS_OF_POWERS = {64: 256, 256: 128, 1024: 32, 4096: 6}
"""For the deep quadratic networks, whose predictions draw networks of their own width."""
AGAIN = 120
"""New networks of a case whose deviation is beyond three standard errors."""
FOLDER = Path(os.environ.get("NFA_GRID", "grid"))
RECORD = Path(__file__).parent / "records" / "finite_width.csv"


def missing(suffix):
    """Yield the cases that are not done, with their images; a file appears when it is complete."""
    FOLDER.mkdir(exist_ok=True)
    images = {name: GRID.images(name) for name in GRID.data}
    for case in GRID.cases():
        path = FOLDER / f"{case.name}{suffix}"
        if not path.exists():
            start = perf_counter()
            yield case, images[case.data], path
            print(f"{case.name:34} {perf_counter() - start:6.1f} s", flush=True)


def measure_missing():
    """Simulate case by case."""
    for case, images, path in missing(".npy"):
        part = path.with_suffix(".part.npy")
        np.save(part, measure(case, images, GRID.seeds))
        part.rename(path)


def predict_missing():
    """Predict case by case."""
    for case, images, path in missing(".json"):
        measured = FOLDER / f"{case.name}.npy"
        if measured.exists():
            by_width = NETWORKS_OF_POWERS if case.activation == "quadratic" and case.depth > 1 else NETWORKS
            rows = rows_of(case, images, np.load(measured), by_width[case.width])
            part = path.with_suffix(".part")
            part.write_text(json.dumps(rows))
            part.rename(path)


def record():
    """Write the table of all cases that are done."""
    RECORD.parent.mkdir(exist_ok=True)
    paths = [FOLDER / f"{case.name}.json" for case in GRID.cases()]
    rows = [row for path in paths if path.exists() for row in json.loads(path.read_text())]
    with RECORD.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*WORDS, *COUNTS, *NUMBERS], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{x:.7g}" if name in NUMBERS else x for name, x in row.items()} for row in rows)
    print(f"{sum(path.exists() for path in paths)} of {len(paths)} cases, {len(rows)} comparisons: {RECORD}")


def again():
    """Measure the cases with the greatest deviations in networks with other seeds, and write what comes out."""
    with RECORD.open() as file:
        table = as_table(csv.DictReader(file))
    far = table.isel(comparison=abs(deviations(table)) > 3)
    rows = []
    for i in range(far.sizes["comparison"]):
        row = far.isel(comparison=i)
        case = Case(*(str(row[name].values) for name in WORDS), int(row["depth"]), int(row["width"]))
        values = measure(case, GRID.images(case.data), AGAIN, seed=2)[:, int(row["layer"]) - 1]
        found = {"networks": AGAIN, "mean": values.mean(), "error": values.std(ddof=1) / np.sqrt(AGAIN)}
        rows.append({name: row[name].values for name in (*WORDS, "depth", "width", "layer")} | found)
    with RECORD.with_stem("finite_width_again").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    {"measure": measure_missing, "predict": predict_missing, "record": record, "again": again}[sys.argv[1]]()
