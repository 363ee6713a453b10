"""The comparison at finite width again, on a part of the grid: more networks in the prediction, fresh seeds everywhere.

    python benchmarks/finite_width_fresh.py compute    what is missing, case by case; can be stopped and started again
    python benchmarks/finite_width_fresh.py record     write benchmarks/records/finite_width_fresh*.csv

In the large grid a prediction of a deep, wide network has as large an error as the mean that is measured, because it
averages as few networks. The plan, fixed before anything was computed: Fashion-MNIST and MNIST, ReLU, erf, GELU, tanh,
depths 4, 5, 3, 2 in this order, widths 1024 and 4096; 30 measured networks from seed 3; predictions from seed 4 in
single precision, of 256 networks (width 4096: of 256 networks at a quarter and at an eighth of the width). All of a
depth is predicted, and measured at width 1024, before the next; width 4096 is measured after that, in the same order.
What is done when the time is over is counted, whatever it says. What is computed is kept in the folder that NFA_GRID
names (default: grid).
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

GRID = Grid(data=("fashion_mnist", "mnist"), depths=(4, 5, 3, 2), widths=(1024, 4096))
ACTIVATIONS = ("relu", "erf", "gelu", "tanh")
NETWORKS = {1024: 256, 4096: 64}
"""Width 4096 takes four times as many at each of two smaller widths."""
MEASURE, PREDICT = 3, 4  # seeds
FOLDER = Path(os.environ.get("NFA_GRID", "grid"))
RECORD = Path(__file__).parent / "records" / "finite_width_fresh.csv"


def cases(width):
    """Yield the cases of a width in the order of the plan."""
    for depth, data, activation in product(GRID.depths, GRID.data, ACTIVATIONS):
        yield Case(data, activation, depth, width)


def planned():
    """Yield what is to be computed: a case, and whether it is measured or predicted."""
    for narrow, wide in zip(cases(1024), cases(4096), strict=True):
        yield from ((narrow, "measured"), (narrow, "predicted"), (wide, "predicted"))
    yield from ((wide, "measured") for wide in cases(4096))


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
    p = predict_alignment(images.X, images.Y, net, networks=NETWORKS[case.width], seed=seed)
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
