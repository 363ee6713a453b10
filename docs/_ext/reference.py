"""A Sphinx extension: the reference lists every public name, by package, so that none can be forgotten."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from generated import write_pages
from sphinx.application import Sphinx
from sphinx.config import Config

PYTORCH = {"nfa_theory.torch": "The user's own network in PyTorch: measured, watched, predicted, improved."}
PACKAGES = {
    "nfa_theory": "What most people need: `import nfa_theory as nfa`.",
    "nfa_theory.figures": "Figures: functions that draw on given axes, and figures with caption and data.",
    "nfa_theory.experiments": "The paper's experiments by name: each returns a record with a verdict.",
    "numerics": "The rest of the simulator: feature matrices, kernels and single layers.",
    "numerics.optimizers": "Optimizers for `simulate` with their settings.",
    "derivations.algebra": "The symbolic engine: matrix words, traces, gradients, flows and series.",
    "derivations.expectation": "Exact expectations over Gaussian and Wishart matrices and signs.",
    **(PYTORCH if find_spec("torch") is not None else {}),
}


def names_of(package: str, taken: set[str]) -> list[str]:
    """List the functions and classes of a package that no page before it has listed."""
    module = importlib.import_module(package)
    found = []
    for name in sorted(module.__all__, key=str.lower):
        found_there = getattr(module, name)
        home = f"{getattr(found_there, '__module__', '')}.{name}"
        if not (name.isupper() or isinstance(found_there, ModuleType) or home in taken):
            taken.add(home)
            found.append(name)
    return found


def page(package: str, summary: str, names: list[str]) -> str:
    """Write the page of one package."""
    entries = "\n".join(f"   {package}.{name}" for name in names)
    return f"""# {package}

{summary}

```{{eval-rst}}
.. autosummary::
   :toctree: generated

{entries}
```
"""


def write_reference(app: Sphinx, config: Config) -> None:
    """Write a page for each package, and the table of contents, and tell autosummary where to look."""
    taken: set[str] = set()
    names = {package: names_of(package, taken) for package in PACKAGES}
    pages = {f"{package}.md": page(package, summary, names[package]) for package, summary in PACKAGES.items()}
    rows = "\n".join(f"- [`{name}`]({name}.md): {summary}" for name, summary in PACKAGES.items())
    contents = "\n".join(PACKAGES)
    pages["index.md"] = f"# Reference\n\n{rows}\n\n```{{toctree}}\n:hidden:\n{contents}\n```\n"
    folder = Path(app.srcdir) / "reference"
    write_pages(folder, pages)
    stubs = {f"{package}.{name}.rst" for package, found in names.items() for name in found}
    for path in (folder / "generated").glob("*.rst"):
        if path.name not in stubs:  # autosummary leaves the pages of names that are gone
            path.unlink()
    config.autosummary_generate = [str(folder / name) for name in pages]  # it would look before they are there


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before autosummary looks for them."""
    app.connect("config-inited", write_reference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
