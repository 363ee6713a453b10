"""Side by side with PyTorch on the CPU, in one run: tangent features, a training epoch, ensembles, memory.

    python benchmarks/simulator.py [--repeats 9] [--only exact sketch epoch ensemble memory] [--threads 2]

Competitors take turns, so that both see the same neighbors on a shared machine. Ratios are medians of the ratios of
neighboring runs; times are medians. Needs `pip install torch==2.13.0`.
"""

import argparse
import os
import platform


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="+", default=["exact", "sketch", "epoch", "ensemble", "memory"])
    return parser.parse_args()


def main():
    """Run the parts that were asked for."""
    options = arguments()
    # BLAS reads this when NumPy is first imported.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import numpy as np
    import torch

    torch.set_num_threads(options.threads)
    import simulator_ensemble
    import simulator_epoch
    import simulator_memory
    import simulator_tangents

    print(
        f"{platform.machine()}, {options.threads} threads, NumPy {np.__version__}, PyTorch {torch.__version__}, float32"
    )
    parts = {
        "exact": simulator_tangents.exact,
        "sketch": simulator_tangents.sketched,
        "epoch": simulator_epoch.epoch,
        "ensemble": simulator_ensemble.ensemble,
        "memory": simulator_memory.memory,
    }
    for name in options.only:
        parts[name](options.repeats)


if __name__ == "__main__":
    main()
