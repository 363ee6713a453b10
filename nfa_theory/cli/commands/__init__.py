"""One module per command."""

from collections.abc import Callable
from typing import Any

from nfa_theory.cli.commands.data import data
from nfa_theory.cli.commands.doctor import doctor
from nfa_theory.cli.commands.experiment import experiment
from nfa_theory.cli.commands.figures import figures
from nfa_theory.cli.commands.predict import predict
from nfa_theory.cli.commands.predict_online import predict_online
from nfa_theory.cli.commands.reproduce import reproduce
from nfa_theory.cli.commands.simulate import simulate
from nfa_theory.cli.commands.sweep import sweep
from nfa_theory.cli.commands.verify import verify
from nfa_theory.cli.derive import derive, list_claims

COMMANDS: dict[str, Callable[..., Any]] = {
    "reproduce": reproduce,
    "predict": predict,
    "predict-online": predict_online,
    "simulate": simulate,
    "sweep": sweep,
    "experiment": experiment,
    "figures": figures,
    "data": data,
    "list": list_claims,
    "derive": derive,
    "verify": verify,
    "doctor": doctor,
}
"""The commands by name, in the order of the help."""
