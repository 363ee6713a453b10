"""The predicted C-NFA against the one measured after a small step of PyTorch's own optimizers."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import copy  # noqa: E402

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from nfa_theory.torch import measure, predict_first_step  # noqa: E402
from numerics import InputError  # noqa: E402


def network():
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Conv2d(4, 6, 3, groups=2), nn.Tanh(), nn.Flatten(),
        nn.utils.parametrizations.weight_norm(nn.Linear(24, 5)), nn.Tanh(), nn.Linear(5, 3),
    )  # fmt: skip


def polar(g):
    U, _, V = torch.linalg.svd(g.flatten(1), full_matrices=False)
    return (U @ V).reshape(g.shape)


STEPS = {"sgd": lambda g: g, "sign": torch.sign, "muon": lambda g: polar(g) if g.ndim > 1 else g}


@pytest.mark.parametrize("optimizer", STEPS)
def test_against_a_small_step(optimizer):
    model, x, y = network(), torch.randn(7, 1, 6, 6), torch.randn(7, 3)
    predicted = predict_first_step(model, F.mse_loss, (x, y), optimizer)
    differences = []
    for rate in (1e-4, 5e-5):
        moved = copy.deepcopy(model)
        F.mse_loss(moved(x), y).backward()
        with torch.no_grad():
            for parameter in moved.parameters():
                parameter.sub_(STEPS[optimizer](parameter.grad), alpha=rate)
        measured = measure(moved, x, model)
        differences.append(np.abs(measured.c_nfa.values - predicted.c_nfa.values))
    assert differences[0].max() < 1e-2  # of the order of the rate
    assert differences[1].max() < 0.7 * differences[0].max()  # and halved with it
    others = [
        predict_first_step(model, F.mse_loss, (x, y), other).c_nfa.values for other in STEPS if other != optimizer
    ]
    assert all(np.abs(other - predicted.c_nfa.values).max() > 10 * differences[1].max() for other in others)


def test_bad_input_is_named():
    model, x = network(), torch.randn(3, 1, 6, 6)
    with pytest.raises(InputError, match="unknown optimizer 'mouon'; did you mean 'muon'"):
        predict_first_step(model, F.mse_loss, (x, torch.zeros(3, 3)), "mouon")
    with pytest.raises(InputError, match="loss must return one number"):
        predict_first_step(model, lambda f, y: f, (x, torch.zeros(3, 3)))
