"""What pytest leaves out where an extra is not installed: files that cannot be imported without it."""

from importlib.util import find_spec

NEEDS = {
    "torch": ["nfa_theory/torch/*", "numerics/networks/torch_modules.py", "tests/support/torch_reference.py"],
    "lightning": ["nfa_theory/torch/adapters/lightning.py"],
    "transformers": ["nfa_theory/torch/adapters/transformers.py"],
}
collect_ignore_glob = [path for package, paths in NEEDS.items() if find_spec(package) is None for path in paths]
