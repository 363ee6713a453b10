"""Widths 1024 and 4096 of the comparison at finite width again: fresh seeds, more networks.

    python benchmarks/finite_width_fresh.py predict        what is missing
    python benchmarks/finite_width_fresh.py measure 0 2    every second case from the first on: for two processes
    python benchmarks/finite_width_fresh.py record         write benchmarks/records/finite_width_fresh*.csv

In the large grid the means that were measured at width 1024 lie closer to the limit than the predicted ones, by 0.37
standard errors on average over 50 cases (0.12 is the error of that number), and its predictions of deep, wide networks
have as large an error as its measurements. Was it the predictions or the means? The plan, fixed before it was computed:

1. Fashion-MNIST and MNIST; ReLU, erf, GELU, tanh; 60 networks of width 1024 and each depth 1 to 5 are measured, from
   seed 3.
2. All cases of the grid at widths 1024 and 4096, quadratic networks too, are predicted again from seed 5 with 256 and
   128 random networks of the width itself, drawn as the samples see them (`nfa_theory.predict.width.seen_network`); a
   first part of this, 14 cases at width 1024 with seed 4, was predicted from whole weights and is replaced.
3. The old means are compared with the new predictions at both widths, the new means with those at width 1024. All
   count, whatever they say. What is not done when the time is over is said.

4. Added when 1 and most of 2 were known, which left a distance from the limit at width 4096 that is measured 1.07(3)
   times as large as predicted, mostly in ReLU and tanh: width 4096 is measured again, 30 networks of all cases of 1,
   from seed 3, and compared with the predictions of 2. The distances at 4096 are then judged by these means alone.

What is computed is kept in the folder that NFA_GRID names (default: grid); it can be stopped and started again.
"""

import csv
import json
import os
import sys
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np

from nfa_theory.predict import predict_alignment
from nfa_theory.reproduce.width_grid import ACTIVATIONS, Case, Grid, measure

GRID = Grid(data=("fashion_mnist", "mnist"), depths=(1, 2, 3, 4, 5), widths=(1024, 4096))
MEASURED = {1024: 60, 4096: 30}
NETWORKS = {1024: 256, 4096: 128}
MEASURE, PREDICT = 3, 5  # seeds
FOLDER = Path(os.environ.get("NFA_GRID", "grid"))
RECORD = Path(__file__).parent / "records" / "finite_width_fresh.csv"


def planned(kind):
    """Return the cases that are to be measured or predicted, in the order of the plan."""
    cases = [Case(*each) for each in product(GRID.data, ACTIVATIONS, GRID.depths, GRID.widths)]
    if kind == "measured":
        cases = [case for case in cases if case.activation != "quadratic"]
        return sorted(cases, key=lambda case: (case.width, case.depth))
    return sorted(cases, key=lambda case: (case.depth, case.activation == "quadratic"))


def compute(kind, first=0, step=1):
    """Compute what is missing; a file appears when it is complete."""
    FOLDER.mkdir(exist_ok=True)
    images = {name: GRID.images(name) for name in GRID.data}
    for case in planned(kind)[first::step]:
        path = FOLDER / f"{case.name}-{kind}.json"
        if path.exists():
            continue
        start, data = perf_counter(), images[case.data]
        found = (
            measure(case, data, MEASURED[case.width], MEASURE).tolist() if kind == "measured" else predicted(case, data)
        )
        part = path.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(path)
        print(f"{path.stem:44} {perf_counter() - start:6.1f} s", flush=True)


def predicted(case, images):
    """Return limit, mean and its standard error by layer; powers need the range of double precision."""
    dtype = np.float64 if case.activation == "quadratic" else np.float32
    net = case.network(images.X.shape[1], images.Y.shape[1])
    seed, networks = int(case.seeds(1, PREDICT)[0]), NETWORKS[case.width]
    p = predict_alignment(images.X.astype(dtype), images.Y.astype(dtype), net, networks=networks, seed=seed)
    return [values.tolist() for values in (p.limit, p.mean, p.mean_error)]


def record():
    """Write predictions layer by layer, and measurements network by network."""
    rows, networks = [], []
    for kind, case in [(name, each) for name in ("measured", "predicted") for each in planned(name)]:
        path = FOLDER / f"{case.name}-{kind}.json"
        if not path.exists():
            continue
        found, names = json.loads(path.read_text()), vars(case)
        if kind == "measured":
            networks += [
                names | {"network": i, "layer": layer, "value": f"{value:.7f}"}
                for i, values in enumerate(found)
                for layer, value in enumerate(values, start=1)
            ]
        else:
            columns = [{"layer": i, **_numbers(each)} for i, each in enumerate(np.array(found).T, start=1)]
            rows += [names | column for column in columns]
    for path, table in ((RECORD, rows), (RECORD.with_stem("finite_width_fresh_networks"), networks)):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


def _numbers(values):
    return {name: f"{x:.7g}" for name, x in zip(("limit", "predicted", "predicted_error"), values, strict=True)}


if __name__ == "__main__":
    job, *part = sys.argv[1:]
    kinds = {"measure": "measured", "predict": "predicted"}
    compute(kinds[job], *map(int, part)) if job in kinds else record()
