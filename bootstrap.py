"""One command from a clean clone: make a virtual environment, install the package, run one job.

Usage::

    python3 bootstrap.py test                     # everything that CI checks
    python3 bootstrap.py docs                     # the whole documentation, into build/docs
    python3 bootstrap.py reproduce --quick        # any `nfa` command

Needs only Python 3.11+ with its `venv` module. The environment lives in `.venv` beside this file.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
EVERYTHING = "test,docs"
"""The extras of the test command, which builds the documentation too."""
STAMP = ENVIRONMENT / "installed-from.sha256"


def fingerprint(extra: str) -> str:
    """Hash what decides the installation, so that a second call installs nothing."""
    digest = hashlib.sha256(extra.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(extra: str) -> None:
    """Create the environment if it is missing and install the package with the given extra, once."""
    wanted = fingerprint(extra)
    sufficient = {wanted, fingerprint(EVERYTHING)}  # the test environment can do all that the plain one can
    if STAMP.exists() and STAMP.read_text(encoding="ascii") in sufficient:
        return
    print("nfa-theory: installing into .venv (once, about a minute)", file=sys.stderr, flush=True)
    STAMP.unlink(missing_ok=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=not (BIN / "python").exists())
    except subprocess.CalledProcessError:
        sys.exit("bootstrap needs Python's venv with pip; install your system's python3-venv package")
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), "--editable", target], check=True)
    STAMP.write_text(wanted, encoding="ascii")


def checks() -> list[list[str]]:
    """List the commands of the test suite, cheapest first."""
    return [
        [str(BIN / "ruff"), "check", "."],
        [str(BIN / "ruff"), "format", "--check", "."],
        [str(BIN / "lint-imports")],
        [str(BIN / "mypy")],
        [str(BIN / "python"), "-m", "pytest", "-n", "2", "--dist", "worksteal"],
    ]


def main(arguments: list[str]) -> int:
    """Run the tests, or hand the arguments to `nfa`."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before pip can check
        sys.exit(f"nfa-theory needs Python 3.11 or newer, got {sys.version.split()[0]}")
    if arguments[:1] == ["docs"]:
        install(EVERYTHING)
        command = [str(BIN / "sphinx-build"), "-W", "--keep-going", "-q", "docs", "build/docs"]
        print("+", *(Path(command[0]).name, *command[1:]), flush=True)
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    if arguments[:1] != ["test"]:
        install("")
        return subprocess.run([str(BIN / "nfa"), *arguments], check=False).returncode
    install(EVERYTHING)
    # One BLAS thread for each of the two test workers: more would fight over two cores.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for command in checks():
        if command[-1] == "worksteal":
            command += arguments[1:]
        print("+", *(Path(command[0]).name, *command[1:]), flush=True)
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(f"installation failed (exit status {error.returncode}); the message above says why")
