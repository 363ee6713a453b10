"""Sixty-four seeds of a small network, trained together and one after another."""

import numpy as np
from simulator_timing import by_turns, report

from numerics import MLP, simulate

SEEDS = range(64)


def ensemble(repeats):
    """Compare three small settings."""
    rng = np.random.default_rng(0)
    for d, batch in ((16, 32), (32, 32), (32, 64)):
        X = rng.standard_normal((1000, d), dtype=np.float32)
        Y = (X[:, :1] * X[:, 1:2]).astype(np.float32)
        net = MLP((d, 128, 1))
        options = {
            "epochs": 20,
            "batch_size": batch,
            "learning_rate": 0.05,
            "measure": [0, 600 if batch == 32 else 300],
        }
        results = {}

        def together(X=X, Y=Y, net=net, options=options, results=results):
            results["together"] = simulate(X, Y, net, seed=SEEDS, **options)

        def alone(X=X, Y=Y, net=net, options=options, results=results):
            results["alone"] = [simulate(X, Y, net, seed=seed, **options) for seed in SEEDS]

        seconds = by_turns({"one after another": alone, "together": together}, max(2, repeats // 3))
        report(f"64 seeds, {d}-128-1, n = 1000, batch {batch}, 20 epochs", seconds, "one after another", ">= 3x")
        same = all(
            np.array_equal(results["together"][name].values[i], one[name].values[0], equal_nan=True)
            for i, one in enumerate(results["alone"])
            for name in one.data_vars
        )
        print(f"every recorded number the same, bit for bit: {same}")
