"""The trace of the AGOP of a layer: a claim as small as they come, to copy and to change.

Copy this file to the chapter where your result belongs, say ``derivations/identities/agop_trace.py``, and
``agop_trace_check.py`` to the same place under ``nfa_theory/verify/claims/``. Then replace, from top to bottom:
letters, steps, obligations, words.
"""

from collections.abc import Mapping
from typing import Any, Final

from derivations.algebra import tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.identities.factorization import factorization
from derivations.judging.concrete_network import concrete_networks
from derivations.judging.instances import squared_norm


def trace_of_agop() -> Proof:
    """Derive the trace: the machine does each step, and no formula is typed in."""
    G: Any = factorization().closed_form["G"]
    steps = (
        Step(
            "Take the trace of $G = \\gamma^2 W^\\top K W$.",
            (Equation("tr(G)", tr(G), r"\operatorname{tr} G"),),
            ("identities.factorization",),
        ),
    )
    return Proof(steps, {"tr(G)": tr(G)}, obligations, {"tr(G)": r"\operatorname{tr} G"})


def obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Say what must vanish: here the trace is the mean square slope of nonlinear networks, by differentiation.

    The closed form that is judged is the one *handed in*, true or wrong. Nothing here may come from the steps. Four
    networks of different sizes show every factor of a size: one would hide, say, ``k / 4``.
    """
    return {
        f"mean square slope of network {i}": network.at(closed_form["tr(G)"])
        - squared_norm(network.values["J"]) / network.values["n"]
        for i, network in enumerate(concrete_networks())
    }


DERIVATIONS: Final = (
    Derivation(
        name="identities.agop_trace",
        title="The trace of the AGOP is the mean square slope",
        wording="The mean square of the input gradients is $\\operatorname{tr} G = <<tr G>>$.",
        assumptions=("A layer linear in its weights; a differentiable network.",),
        source="Derived here; a consequence of identities.factorization",
        derive=trace_of_agop,
        limits=("Exact at every time.",),
    ),
)
