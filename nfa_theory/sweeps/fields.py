"""What a plan may say: every key of its tables, and the check of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nfa_theory.cli.commands.simulate import read_schedule
from numerics.checks import one_of, require_integer, require_real
from numerics.data import DATASET_NAMES
from numerics.data.prepare import STANDARDIZATIONS
from numerics.data.preprocess import STANDARDIZATIONS as IMAGE_STANDARDIZATIONS
from numerics.errors import InputError
from numerics.feature_matrices.alignments import check_alignment
from numerics.networks.activations import parse_activation
from numerics.networks.initializations import check_initialization
from numerics.networks.parametrizations import canonical_parametrization
from numerics.optimizers.named import OPTIMIZERS

Check = Callable[[str, Any], Any]
"""Called with the key and its value; returns the value in the one writing that names are made from."""


def _whole(least: int) -> Check:
    return lambda key, value: require_integer(key, value, least)


def _real(**bounds: float) -> Check:
    return lambda key, value: require_real(key, value, **bounds)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{key} must be text, got {value!r}")
    return value


def _truth(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{key} must be true or false, got {value!r}")
    return value


def _widths(key: str, value: Any) -> list[int]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise InputError(f"{key} must be positive integers, got none")
    return [require_integer(key, each, 1) for each in listed]


def _when(key: str, value: Any) -> str | int | list[int]:
    if value == "epoch":
        return "epoch"
    if isinstance(value, list):
        return [require_integer(key, each, 0) for each in value]
    if isinstance(value, str):
        raise InputError(f"{key} must be 'epoch', a number of steps or a list of steps, got {value!r}")
    return require_integer(key, value, 1)


def _name(check: Callable[[Any], Any]) -> Check:
    """Check a name by the function that the networks use."""

    def checked(key: str, value: Any) -> str:
        return str(check(_text(key, value)))

    return checked


def _known(key: str, *names: str) -> Check:
    return lambda _, value: one_of(key, str(value), names)


def _data_set(key: str, value: Any) -> str:
    return one_of("data set", _text(key, value), DATASET_NAMES)


def _rule(key: str, value: Any) -> str:
    one_of("optimizer", _text(key, value).partition(":")[0], OPTIMIZERS)
    return str(value)


def _schedule(key: str, value: Any) -> str:
    read_schedule(_text(key, value), 0.1, 0.0)
    return str(value)


FIELDS: Final[dict[str, dict[str, Check]]] = {
    "data": {
        "name": _data_set,
        "file": _text,
        "labels": _text,
        "x_key": _text,
        "y_key": _text,
        "samples": _whole(2),
        "standardize": _known("standardization", *dict.fromkeys((*IMAGE_STANDARDIZATIONS, *STANDARDIZATIONS))),
        "classes": _truth,
        "center_labels": _truth,
    },
    "network": {
        "hidden": _widths,
        "width": _whole(1),
        "depth": _whole(1),
        "activation": _name(parse_activation),
        "parametrization": _name(canonical_parametrization),
        "initialization": _name(check_initialization),
        "readout": _name(check_initialization),
        "bias": _truth,
        "bias_std": _real(least=0),
        "zero_initial_function": _truth,
    },
    "optimizer": {
        "name": _rule,
        "learning_rate": _real(above=0),
        "schedule": _schedule,
        "warmup": _real(least=0, most=1),
        "weight_decay": _real(least=0),
        "batch_size": _whole(1),
        "steps": _whole(0),
        "epochs": _whole(0),
        "loss": _known("loss", "mse", "mse_mean", "cross_entropy"),
    },
    "measure": {
        "every": _when,
        "alignment": _name(check_alignment),
        "combinations": _whole(1),
        "test": _truth,
    },
}
"""By table and key."""

DEFAULTS: Final[dict[str, Any]] = {
    "network.activation": "relu",
    "network.parametrization": "ntk",
    "network.width": 256,
    "network.depth": 2,
    "network.bias": False,
    "network.zero_initial_function": False,
    "optimizer.name": "sgd",
    "optimizer.learning_rate": 0.1,
    "optimizer.schedule": "constant",
    "optimizer.warmup": 0.0,
    "optimizer.weight_decay": 0.0,
    "optimizer.loss": "mse",
    "measure.every": "epoch",
    "measure.alignment": "cosine",
    "measure.test": True,
}
"""What is not said: a run has the same name whether it is said or not."""
TOGETHER: Final = (("network.hidden", "network.width"), ("network.hidden", "network.depth"), ("data.name", "data.file"),
                   ("optimizer.steps", "optimizer.epochs"))  # fmt: skip
"""Of these a plan gives one, not both."""
