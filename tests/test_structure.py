"""The structure of the house: no circles between modules, and checks where their derivations are."""

import graphlib

import grimp
import pytest

from derivations.registry import derivations_by_module
from nfa_theory.verify.court import checks_by_module

ONE = "derivations.algebra"
"""The symbolic engine counts as one: expressions know their printing and evaluation, and these know expressions."""
ASKED = {
    "derivations.derivation": "derivations.rendering.notebook",  # a derivation shows itself when a notebook asks
    "numerics.networks.mlp": "numerics.networks.torch_modules",  # `MLP.from_torch` builds a network
}
"""Imports made inside a method, by what the method makes or shows."""


@pytest.fixture(scope="module")
def imports():
    graph = grimp.build_graph(
        "derivations", "numerics", "nfa_theory", exclude_type_checking_imports=True, cache_dir=None
    )
    found = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    for module, needed in ASKED.items():
        found[module].remove(needed)
    return found


def room(module):
    return ONE if module.startswith(f"{ONE}.") else module


def order(imports):
    """Put modules into an order of imports; a circle raises."""
    sorter = graphlib.TopologicalSorter()
    for module, needed in imports.items():
        sorter.add(room(module), *(room(each) for each in needed if room(each) != room(module)))
    return list(sorter.static_order())


def test_modules_do_not_import_each_other_in_a_circle(imports):
    assert len(order(imports)) > 300


def test_a_circle_would_be_noticed(imports):
    with pytest.raises(graphlib.CycleError, match=r"numerics\.errors"):
        order({**imports, "numerics.errors": {"numerics.networks.mlp"}})


def test_the_checks_of_a_claim_stand_at_the_path_of_its_derivation():
    derived = {module: {each.name for each in listed} for module, listed in derivations_by_module().items()}
    judged = {module: {check.claim for check in listed} for module, listed in checks_by_module().items()}
    assert judged == derived
