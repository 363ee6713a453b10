"""Peak memory above the data, against the number of samples."""

import tracemalloc

import numpy as np

from numerics import MLP, Measure, simulate
from numerics.feature_matrices.covariances import outputs_and_ptf_covariances
from numerics.feature_matrices.sketch import sketch

NET = MLP((784, 256, 256, 256, 256, 256, 10))
START = Measure([0], combinations=1)


def memory(repeats):
    """Print the table."""
    del repeats
    print("\npeak memory above data and labels, MB (outputs, n x 10, are 0.4 MB per 10000 samples)")
    print(f"{'n':>8}{'data':>8}{'exact':>8}{'sketch':>8}{'SGD run':>9}{'GD run':>8}")
    rng = np.random.default_rng(0)
    weights = NET.initialize(rng, np.float32)
    for n in (2500, 5000, 10000, 20000, 40000):
        X = rng.standard_normal((n, 784), dtype=np.float32)
        Y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, n)]
        tasks = (
            lambda X=X: outputs_and_ptf_covariances(X, NET, weights),
            lambda X=X: sketch(X, NET, weights, np.random.default_rng(0)),
            lambda X=X, Y=Y: simulate(X, Y, NET, steps=3, learning_rate=0.01, measure=START),
            lambda X=X, Y=Y: simulate(X, Y, NET, steps=1, learning_rate=0.01, measure=START, optimizer="gd"),
        )
        print(f"{n:8}{X.nbytes / 1e6:8.1f}" + "".join(f"{peak(task):8.1f}" for task in tasks))


def peak(task):
    """Return the most memory that a task held, in MB."""
    tracemalloc.start()
    task()
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most
