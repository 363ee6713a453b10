"""Side by side with PyTorch on the CPU, in one run: tangent features, a training epoch, ensembles, memory.

    python benchmarks/simulator.py [--repeats 9] [--only exact sketch sketch_errors epoch ensemble memory] [--threads 2]

Competitors take turns, so that both see the same neighbors on a shared machine. Ratios are medians of the ratios of
neighboring runs; times are medians. Needs `pip install torch==2.13.0`.
"""

import argparse
import os
import platform
import time

PARTS = ("exact", "sketch", "sketch_errors", "epoch", "ensemble", "memory")


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cpu-time", action="store_true", help="processor time of one thread, for a busy machine")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    options.threads = 1 if options.cpu_time else options.threads
    return options


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
    import simulator_sketch_errors
    import simulator_tangents
    import simulator_timing

    if options.cpu_time:
        simulator_timing.CLOCK = time.process_time
    clock = "processor time" if options.cpu_time else "wall time"
    versions = f"NumPy {np.__version__}, PyTorch {torch.__version__}"
    print(f"{platform.machine()}, {options.threads} threads, {versions}, float32, {clock}")
    parts = {
        "exact": simulator_tangents.exact,
        "sketch": simulator_tangents.sketched,
        "sketch_errors": simulator_sketch_errors.sketch_errors,
        "epoch": simulator_epoch.epoch,
        "ensemble": simulator_ensemble.ensemble,
        "memory": simulator_memory.memory,
    }
    for name in options.only:
        parts[name](options.repeats)


if __name__ == "__main__":
    main()
