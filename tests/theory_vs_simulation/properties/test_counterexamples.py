"""What a failing property shows: a shrunk configuration, and a program that reproduces it by itself."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from properties.agreement import against, agreement, agrees, compared, message
from properties.configuration import Configuration
from properties.counterexample import program
from properties.kept_examples import KEPT
from properties.strategies import configurations

from nfa_theory import claims, features

FACTOR = 1.02
RARE = Configuration(samples=9)
ALONE = {"derandomize": True, "database": None, "deadline": None}
SHRINKING = {**ALONE, "phases": [Phase.generate, Phase.shrink]}


def wrong_agop(problem):
    """A claim that is deliberately wrong: the AGOP is 2 % larger than it is."""
    G = claims["identities.factorization"].function(**problem.values())["G"]
    measured = features(problem.X, problem.net, problem.start, layer=problem.layer).agop
    return {"G": (FACTOR * G, measured, 1e-10)}


def only_there(problem):
    """A claim that fails at one configuration, which is never drawn."""
    return {"samples": (len(problem.X), RARE.samples - 1, 0 if len(problem.X) == RARE.samples else np.inf)}


def right_agop(problem):
    """The same claim with its closed form."""
    measured = features(problem.X, problem.net, problem.start, layer=problem.layer).agop
    return problem.values(), {"G": (measured, 1e-10)}


def run(text):
    """Run a program in a process of its own, which sees the installed packages only."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, check=True
    ).stdout


def numbers(text):
    return np.array([float(each) for each in re.findall(r"-?\d+\.?\d*(?:e[-+]\d+)?", text)])


def test_a_wrong_claim_is_shrunk_to_a_program_that_shows_it():
    with pytest.raises(AssertionError) as caught:
        agreement(wrong_agop, configurations(), **SHRINKING)()
    shown = str(caught.value)
    assert "theory and simulation disagree" in shown
    assert "add to 'wrong_agop' in tests/support/properties/kept_examples.py: Configuration(" in shown
    text = shown.partition("The program that shows it:\n")[2]
    printed = run(text)
    claimed, measured = (numbers(printed.partition(word)[2].partition("]]")[0]) for word in ("claimed", "measured"))
    np.testing.assert_allclose(claimed / measured, FACTOR, rtol=1e-7)


def test_counterexamples_shrink_to_the_simplest_network():
    """Of all configurations with two layers or more and a nonlinear activation, the one with the fewest settings."""

    def fails(case):
        wide_and_curved = len(case.hidden) > 1 and case.activation != "linear"
        return wide_and_curved and not all(map(agrees, compared(wrong_agop, case, None).values()))

    smallest = find(configurations(), fails, settings=settings(**SHRINKING))
    assert (smallest.samples, smallest.spectrum, smallest.hidden, smallest.outputs) == (2, (1,), (1, 1), 1)
    assert repr(smallest) == "Configuration(hidden=(1, 1), activation='tanh')"


def test_the_program_of_a_claim_prints_the_numbers_of_the_test():
    case = Configuration(5, (2, 0.5), 3, "quadratic", (3, 2), 2, "erf", "he", bias=True, layer=2, seed=7)
    name = "identities.factorization"
    printed = numbers(run(program(right_agop, case, name)).partition("claimed")[2].partition("measured")[0])
    claimed = against(claims[name].closed_form, *right_agop(case.problem()))["G"][0]
    np.testing.assert_allclose(printed, claimed.ravel(), rtol=1e-6)


def test_the_message_shows_what_differs_and_what_is_allowed():
    case = Configuration(hidden=(2,))
    shown = message(wrong_agop, case, None, compared(wrong_agop, case, None))
    assert "G: allowed difference 1e-10" in shown
    assert repr(case) in shown


def test_a_configuration_is_read_back_from_what_is_printed():
    case = Configuration(3, (4, 1), 2, "cubic", (2,), 2, "erf", "mup", seed=1, options={"batch": 2})
    assert eval(repr(case)) == case  # noqa: S307 - what the test wrote itself


def test_kept_examples_are_tried_first():
    """A property that fails at a kept configuration only is refused, though no drawing would find it."""
    agreement(only_there, configurations(), **ALONE)()
    KEPT["only_there"] = (RARE,)
    try:
        with pytest.raises(AssertionError, match="disagree"):
            agreement(only_there, configurations(), **ALONE)()
    finally:
        del KEPT["only_there"]
