"""What users call: the function of a claim, which evaluates its closed form, must give what was measured."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from derivations.registry import get_derivation
from nfa_theory.verify.rules.check import ClosedForm, Judge
from nfa_theory.verify.rules.quantities import predictions


def by_function(claim: str, call: Callable[..., Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    """Let the function of a claim predict, whatever closed form is on trial."""

    @cache
    def predicted(*time: float) -> Mapping[str, Any]:
        return named(predictions(lambda _: call(get_derivation(claim).function, *time), {}))

    def predict(closed_form: ClosedForm, *time: float) -> Mapping[str, Any]:
        del closed_form
        return predicted(*time)

    return predict


def named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the quantities of a function from those of the closed form."""
    return {f"{name} by the function": value for name, value in values.items()}


def both(first: Judge, second: Judge) -> Judge:
    """Judge by two rules."""
    return lambda closed_form: (*first(closed_form), *second(closed_form))
