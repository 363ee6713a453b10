"""Width 1024 of the comparison at finite width again: fresh seeds, more networks in measurement and prediction.

    python benchmarks/finite_width_fresh.py compute    what is missing, case by case; can be stopped and started again
    python benchmarks/finite_width_fresh.py record     write benchmarks/records/finite_width_fresh*.csv

In the large grid the means that were measured at width 1024 lie closer to the limit than the predicted ones, by 0.37
standard errors on average over 50 cases (0.12 is the error of that number), and its predictions of deep, wide networks
have as large an error as its measurements. Two questions: was the former chance, and do means and predictions agree
where the prediction has a small error? The plan, fixed before anything was computed: Fashion-MNIST and MNIST; ReLU,
erf, GELU, tanh; first 60 networks of each depth 1 to 5 are measured, from seed 3, then depths 1 to 5 in this order are
predicted from seed 4, in single precision, with 256 random networks. What is done when the time is over is counted,
whatever it says. What is computed is kept in the folder that NFA_GRID names (default: grid).
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
from nfa_theory.reproduce.width_grid import Case, Grid, measure

GRID = Grid(data=("fashion_mnist", "mnist"), depths=(1, 2, 3, 4, 5), widths=(1024,), seeds=60)
ACTIVATIONS = ("relu", "erf", "gelu", "tanh")
NETWORKS = 256
MEASURE, PREDICT = 3, 4  # seeds
FOLDER = Path(os.environ.get("NFA_GRID", "grid"))
RECORD = Path(__file__).parent / "records" / "finite_width_fresh.csv"


def planned():
    """Yield what is to be computed, in the order of the plan: a case, and whether it is measured or predicted."""
    for kind in ("measured", "predicted"):
        for depth, data, activation in product(GRID.depths, GRID.data, ACTIVATIONS):
            yield Case(data, activation, depth, *GRID.widths), kind


def compute():
    """Compute in the order of the plan what is missing; a file appears when it is complete."""
    FOLDER.mkdir(exist_ok=True)
    images = {name: GRID.images(name) for name in GRID.data}
    for case, kind in planned():
        path = FOLDER / f"{case.name}-{kind}.json"
        if path.exists():
            continue
        start, data = perf_counter(), images[case.data]
        found = measure(case, data, GRID.seeds, MEASURE).tolist() if kind == "measured" else predicted(case, data)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(path)
        print(f"{path.stem:44} {perf_counter() - start:6.1f} s", flush=True)


def predicted(case, images):
    """Return limit, mean and its standard error by layer."""
    net = case.network(images.X.shape[1], images.Y.shape[1])
    seed = int(case.seeds(1, PREDICT)[0])
    p = predict_alignment(images.X, images.Y, net, networks=NETWORKS, seed=seed)
    return [values.tolist() for values in (p.limit, p.mean, p.mean_error)]


def record():
    """Write predictions layer by layer, and measurements network by network."""
    rows, networks = [], []
    for case, kind in planned():
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
    {"compute": compute, "record": record}[sys.argv[1]]()
