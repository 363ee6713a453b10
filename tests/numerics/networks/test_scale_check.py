"""Weights of one parametrization that are measured as those of another are noticed, and those of their own are not."""

import warnings

import numpy as np
import pytest

from numerics import MLP
from numerics.data import DataWarning
from numerics.networks.scale_check import note_foreign_scale

WIDTHS = (60, 80, 80, 10)


def drawn(parametrization, seed=0):
    return MLP(WIDTHS, parametrization=parametrization).initialize(np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("parametrization", ["ntk", "he", "lecun", "pytorch", "mup"])
def test_weights_of_their_own_parametrization_are_not_noticed(parametrization, seed):
    """Even if training has doubled or halved every layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        weights = drawn(parametrization, seed)
        for factor in (0.5, 1.0, 2.0):
            scaled = weights._replace(weights=tuple(factor * W for W in weights.weights))
            assert note_foreign_scale(MLP(WIDTHS, parametrization=parametrization), scaled) is None


@pytest.mark.parametrize(
    ("of", "measured_as"), [("pytorch", "ntk"), ("he", "ntk"), ("lecun", "mup"), ("ntk", "pytorch")]
)
def test_weights_of_another_parametrization_are_noticed(of, measured_as):
    with pytest.warns(
        DataWarning, match=rf"than the parametrization '{measured_as}' starts them, and of the size that"
    ):
        text = note_foreign_scale(MLP(WIDTHS, parametrization=measured_as), drawn(of))
    assert f"parametrization='{of}'" in text or of == "lecun"


def test_narrow_inputs_are_not_judged():
    net = MLP((3, 4, 1), parametrization="pytorch")
    assert note_foreign_scale(net, MLP((3, 4, 1)).initialize(np.random.default_rng(0))) is None
