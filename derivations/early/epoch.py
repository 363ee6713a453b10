"""An epoch of small steps on batches moves the weights as one full-gradient step of the same total length."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import SOURCE, velocity
from derivations.early.stochastic_gradients import Xi, batch_change, rate
from derivations.identities.layer import n
from derivations.judging.concrete_network import concrete_network
from derivations.judging.instances import drawn, squared_norm
from derivations.judging.termwise import TermwiseValue


def first_order() -> Proof:
    """Derive the change of the weights over an epoch at first order in the step size."""
    one = batch_change()
    first, second = (Matrix(f"Xi{i}", n, diagonal=True, latex=rf"\Xi_{i}") for i in (1, 2))
    both = one.subs({Xi: first}) + one.subs({Xi: second})
    all_batches = one.subs({Xi: identity(n)})
    full = velocity() * rate
    steps_of_full_gradient = _ratio(all_batches, full)
    steps = (
        Step(
            "Each batch starts from weights that have moved by $O(\\eta)$, so that its gradient differs from the one "
            "at the initial weights by $O(\\eta)$ and its step by $O(\\eta^2)$. To first order:",
            (Equation("dW of a batch", one, r"\Delta W_B"),),
            ("early.one_batch",),
        ),
        Step(
            "The step is linear in the indicators: two batches together act as their sum.",
            (Equation("dW of two batches", both, r"\Delta W_{B_1} + \Delta W_{B_2}"),),
        ),
        Step(
            "The batches of an epoch contain every sample once, so their indicators sum to the identity.",
            (Equation("dW", all_batches),),
            ("definition of an epoch",),
        ),
        Step(
            "Divide by one step on the full gradient.",
            (Equation("full steps", steps_of_full_gradient, r"\Delta W / \Delta W_{\mathrm{full}}"),),
            ("early.weight_change with $t = \\eta$",),
        ),
    )
    additive = {"two batches act as their sum": one.subs({Xi: first + second}) - both}
    closed_form = {"dW": all_batches, "full steps": steps_of_full_gradient}
    return Proof(steps, closed_form, partial(_obligations, additive), {"full steps": r"\mathrm{full\ steps}"})


def _ratio(matrix: MatrixPolynomial, other: MatrixPolynomial) -> Any:
    """Divide two multiples of one product."""
    ((key, value),) = matrix.terms.items()
    return n * 0 + value / other.over(matrix.table)[key]


@cache
def _trained() -> tuple[tuple[TermwiseValue, sympy.Matrix, sympy.Matrix], ...]:
    """Train nonlinear networks on one batch or two, and on all samples at once; keep the first order in the step."""
    found = []
    for i, (samples, count) in enumerate(((4, 2), (6, 2), (5, 1), (7, 1))):
        network, rate_value = concrete_network(samples, 1 + i % 2, 4, 4, seed=51 + i), drawn(i)
        order = [*range(1, samples, 2), *range(0, samples, 2)]
        batches = [order[j::count] for j in range(count)]
        at = network.at.with_scalars(b=samples // count, eta=rate_value)
        found.append((at, rate_value * network.trained(batches), rate_value * network.trained([order])))
    return tuple(found)


def _obligations(additive: Mapping[str, MatrixPolynomial], closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with stochastic and full gradient descent of nonlinear networks, at first order in the step size."""
    residuals: dict[str, Residual] = dict(additive)
    for at, stochastic, full in _trained():
        size = at.values["n"]
        dW, count = at(closed_form["dW"]), at(closed_form["full steps"])
        residuals[f"an epoch of stochastic gradient descent on {size} samples"] = squared_norm(dW - stochastic)
        residuals[f"steps of gradient descent on {size} samples"] = squared_norm(count * full - stochastic)
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="early.epoch",
        title="An epoch of small steps is one step on the full gradient",
        wording="Over an epoch of batches of $b$ samples the weights move, to first order in the step "
        "size, by $<<full steps>>$ times a full-gradient step of that size: as by one full-gradient step "
        "whose size is $\\eta$ times $<<full steps>>$. Hence the C-NFA after the epoch is that of the full "
        "gradient.",
        assumptions=("Each sample is in one batch of the epoch; every batch has $b$ samples.",),
        source="Derived here, in the setting of " + SOURCE,
        derive=first_order,
        limits=("First order in the step size, at a fixed number $n/b$ of batches.",),
    ),
)
