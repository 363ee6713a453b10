"""Run order tests under several processors' kernels, threads and hash seeds, and print which pass.

What a test asserts must hold on every machine. OpenBLAS has kernels for many processors, which differ in the last
places; ``OPENBLAS_CORETYPE`` selects one that the processor at hand can run. Usage::

    python scripts/rounding_matrix.py             # the tests that measure orders
    python scripts/rounding_matrix.py tests/theory_vs_simulation -x
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORES = ("Haswell", "SkylakeX", "Zen", "Nehalem", "Prescott")
THREADS = (1, 2)
HASH_SEEDS = (0, 1)


def order_tests() -> list[str]:
    """List the tests that use the helper for orders, and those of the court's rule."""
    files = [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if "observed_order" in path.read_text()]
    return [*files, str(ROOT / "tests" / "nfa_theory" / "verify" / "rules" / "test_order.py")]


def main(arguments: list[str]) -> int:
    """Print a table with a row for each setting; the status is 1 if a row has a failure."""
    chosen, failed = arguments or order_tests(), False
    print(f"{'kernels':<10} {'threads':>7} {'hash seed':>9}  outcome")
    for core in CORES:
        for threads, seed in zip(THREADS, HASH_SEEDS, strict=True):
            settings = {
                "OPENBLAS_CORETYPE": core,
                "OPENBLAS_NUM_THREADS": str(threads),
                "OMP_NUM_THREADS": str(threads),
                "PYTHONHASHSEED": str(seed),
            }
            command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *chosen]
            run = subprocess.run(
                command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False
            )
            failed |= run.returncode != 0
            lines = run.stdout.strip().splitlines() or [f"ended with status {run.returncode}"]
            print(f"{core:<10} {threads:>7} {seed:>9}  {lines[-1]}", flush=True)
            print("".join(f"    {line}\n" for line in lines if line.startswith("FAILED")), end="", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
