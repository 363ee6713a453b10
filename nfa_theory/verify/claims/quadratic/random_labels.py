"""A quadratic network with random labels: exact averages, as samples, inputs and neurons grow in proportion."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.coincidences import coincidences
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate

CLAIM = "quadratic.random_labels"
WORDS = {"limit": ("AMAAMBMA", "AMAAMA", "AMBMAAMBMA"), "wide": ("AAAAB", "AAAA", "ABAABA")}
"""``tr(F G)``, ``tr(F F)`` and ``tr(G G)`` of ``F = A M A`` and ``G = A M B M A``; M is 1 at infinite width."""
GROWTH = tuple(10**6 * 2**i for i in range(4))


def _growing(trial: Trial) -> Judge:
    """Let every size grow: the ratio of the averages, and the averages themselves, tend to the limit as 1/n."""
    n, d, k = (int(each) for each in trial.rng.permutation([3, 7, 11]))
    kurtosis = float(trial.rng.uniform(1.5, 3.0))
    psi = d / n
    found = []
    for size in GROWTH:
        values = {}
        for name, words in WORDS.items():
            number, first, second = (
                coincidences(word).mean(n * size, d * size, k * size, kurtosis) / (n * size * psi**3) for word in words
            )
            values[name] = number / np.sqrt(first * second)
            values |= {f"{name} {part}": each for part, each in zip(PARTS, (number, first, second), strict=True)}
        found.append(values)
    measured = {name: [each[name] for each in found] for name in found[0]}
    symbols = {"psi": psi, "omega": d / k, "kurtosis": kurtosis}
    times = [1 / size for size in GROWTH]

    def call(function: Any, _: float) -> ClosedForm:
        return {"limit": function(**symbols)["limit"], "wide": function(psi=psi, kurtosis=kurtosis)["limit"]}

    of_function = named({name: measured[name] for name in WORDS})
    return both(
        order(trial, times, measured, lambda form, _: evaluate(form, symbols), dict.fromkeys(measured, 1)),
        order(trial, times, of_function, by_function(CLAIM, call), dict.fromkeys(of_function, 1)),
    )


CHECKS = (Check(CLAIM, "every coincidence of indices, growing sizes", "order", _growing),)
