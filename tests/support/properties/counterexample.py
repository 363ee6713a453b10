"""A failing configuration as a program: the definitions of the property, the lines that make the problem, the numbers.

The program needs the installed packages alone: what the property uses of the tests is copied into it.
"""

import ast
import importlib
import inspect
from pathlib import Path

from properties.configuration import IMPORTS

TESTS = Path(__file__).resolve().parents[2]
PRINT = """np.set_printoptions(floatmode="unique")
for name, (claimed, measured, allowed) in found.items():
    difference = np.max(np.abs(np.subtract(claimed, measured)))
    print(f"{name}: claimed {claimed}, measured {measured}")
    print(f"{name}: largest difference {difference}, allowed {np.min(allowed)}")"""


CLAIM_IMPORTS = "from nfa_theory import claims\nfrom nfa_theory.verify.rules.quantities import evaluate"
CLAIM = """closed_form = claims["{claim}"].closed_form
values, measured = {call}
claimed = evaluate(closed_form, values)
found = {{name: (claimed[name], *numbers) for name, numbers in measured.items()}}"""


def program(compare, configuration, claim=None):
    """Write the program that shows what the property says of a configuration."""
    names: dict[str, str] = {}
    imports = dict.fromkeys(IMPORTS.splitlines())
    if claim:
        imports |= dict.fromkeys(CLAIM_IMPORTS.splitlines())
    _collect(inspect.getmodule(compare), compare.__name__, imports, names)
    options = "".join(f", {name}={value!r}" for name, value in configuration.options.items())
    call = f"{compare.__name__}(problem{options})"
    numbers = CLAIM.format(claim=claim, call=call) if claim else f"found = {call}"
    return "\n\n".join(["\n".join(imports), *names.values(), configuration.source(), f"{numbers}\n{PRINT}"]) + "\n"


def _collect(module, name, imports, names):
    """Add a definition of a module after all that it needs; an import from the tests is followed to its definition."""
    if name in names:
        return
    names[name] = ""  # two definitions may need each other
    source = Path(inspect.getsourcefile(module)).read_text(encoding="utf-8")
    top = {defined: node for node in ast.parse(source).body for defined in _defined(node)}
    node = top[name]
    if isinstance(node, ast.ImportFrom) and _is_of_tests(node.module):
        del names[name]
        _collect(importlib.import_module(node.module), name, imports, names)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        del names[name]
        imports[_statement(node, name)] = None
    else:
        for needed in sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & set(top) - {name}):
            _collect(module, needed, imports, names)
        del names[name]  # to stand after what it needs
        names[name] = ast.get_source_segment(source, node)


def _defined(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return []


def _is_of_tests(module):
    return Path(inspect.getsourcefile(importlib.import_module(module))).is_relative_to(TESTS)


def _statement(node, name):
    alias = next(each for each in node.names if name in (each.asname, each.name))
    renamed = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
    return f"from {node.module} import {renamed}" if isinstance(node, ast.ImportFrom) else f"import {renamed}"
