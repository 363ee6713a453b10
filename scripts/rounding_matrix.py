"""Run order tests under several processors' kernels, threads and hash seeds, and print which pass, by what margin.

What a test asserts must hold on every machine. OpenBLAS has kernels for many processors, which differ in the last
places; ``OPENBLAS_CORETYPE`` selects one that the processor at hand can run. Margins are the smallest errors that
orders were taken of, over rounding. Usage::

    python scripts/rounding_matrix.py             # the tests that measure orders
    python scripts/rounding_matrix.py tests/theory_vs_simulation -x
"""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORES = ("Haswell", "SkylakeX", "Zen", "Nehalem", "Prescott")
THREADS = (1, 2)
HASH_SEEDS = (0, 1)
HELPER = "observed_order"


def order_tests() -> list[str]:
    """List the tests that use the helper for orders, and those of the court's rule."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    found = [f"{path}::{name}" for path in paths if path.name != "test_orders.py" for name in _using(path)]
    return [*found, str(ROOT / "tests" / "nfa_theory" / "verify" / "rules" / "test_order.py")]


def _using(path: Path) -> list[str]:
    """List the tests of a file that call the helper, by themselves or by other functions of the file."""
    functions = {each.name: each for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}
    names = {
        name: {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
        for name, function in functions.items()
    }
    using: set[str] = set()
    while True:
        more = {name for name, used in names.items() if used & (using | {HELPER})}
        if more == using:
            return sorted(name for name in using if name.startswith("test_"))
        using = more


def run(core: str, threads: int, seed: int, chosen: list[str]) -> tuple[int, list[str], dict[str, float]]:
    """Run tests in one setting: status, what pytest printed, and the margin of each test."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "margins"
        settings = {
            "OPENBLAS_CORETYPE": core,
            "OPENBLAS_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
            "PYTHONHASHSEED": str(seed),
            "ORDER_MARGINS": str(record),
        }
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *chosen]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False)
        margins: dict[str, float] = {}
        for line in record.read_text().splitlines() if record.exists() else []:
            margin, _, test = line.partition(" ")
            margins[test] = min(margins.get(test, float("inf")), float(margin))
    return done.returncode, done.stdout.strip().splitlines() or [f"ended with status {done.returncode}"], margins


def main(arguments: list[str]) -> int:
    """Print a table with a row for each setting, and one of margins; the status is 1 if a row has a failure."""
    chosen, failed = arguments or order_tests(), False
    least: dict[str, float] = {}
    print(f"{'kernels':<10} {'threads':>7} {'hash seed':>9} {'least margin':>12}  outcome")
    for core in CORES:
        for threads, seed in zip(THREADS, HASH_SEEDS, strict=True):
            status, lines, margins = run(core, threads, seed, chosen)
            failed |= status != 0
            smallest = f"{min(margins.values()):.1e}" if margins else "-"
            print(f"{core:<10} {threads:>7} {seed:>9} {smallest:>12}  {lines[-1]}", flush=True)
            print("".join(f"    {line}\n" for line in lines if line.startswith("FAILED")), end="", flush=True)
            least = {
                test: min(margins.get(test, float("inf")), least.get(test, float("inf"))) for test in least | margins
            }
    for test, margin in sorted(least.items(), key=lambda each: each[1]):
        print(f"{margin:8.1e}  {test}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
