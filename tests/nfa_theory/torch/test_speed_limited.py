"""SLO as a PyTorch optimizer: lengths of updates, and what composes with it."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

from torch import nn  # noqa: E402

from nfa_theory.torch import SpeedLimited  # noqa: E402
from numerics import InputError  # noqa: E402


def network():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))


def moved(model, optimizer, scale=1.0):
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.zero_grad()
    (scale * model(torch.randn(5, 1, 4, 4)).square().mean()).backward()
    optimizer.step()
    return [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]


def length(parts):
    return float(torch.sqrt(sum(part.square().sum() for part in parts)))


@pytest.mark.parametrize("scale", [1.0, 1e-160, 1e160])
def test_every_layer_moves_by_its_length(scale):
    model = network()
    optimizer = SpeedLimited.from_model(model, favor="3", others=0.02, lr=0.3)
    steps = moved(model, optimizer, scale)
    assert length(steps[2:4]) == pytest.approx(0.3, rel=1e-6)
    assert length(steps[:2]) == pytest.approx(0.006, rel=1e-6)
    assert length(steps[4:]) == pytest.approx(0.006, rel=1e-6)
    gradient = torch.cat([p.grad.flatten() for p in model[3].parameters()])
    gradient = gradient / gradient.abs().max()
    step = torch.cat([part.flatten() for part in steps[2:4]])
    assert float(torch.cosine_similarity(gradient, step, 0)) == pytest.approx(-1, abs=1e-12)


def test_zero_gradients_move_nothing_and_infinite_ones_are_skipped_and_counted():
    model = network()
    optimizer = SpeedLimited.from_model(model, favor="0", weight_decay=0.1)
    assert any(float(part.abs().max()) > 0 for part in moved(model, optimizer))
    assert all(float(part.abs().max()) == 0 for part in moved(model, optimizer, 0.0))
    assert [group["skipped"] for group in optimizer.param_groups] == [0, 0, 0]
    assert all(float(part.abs().max()) == 0 for part in moved(model, optimizer, float("nan")))
    assert [group["skipped"] for group in optimizer.param_groups] == [1, 1, 1]
    other = SpeedLimited.from_model(model, favor="0")
    other.load_state_dict(optimizer.state_dict())
    assert [group["skipped"] for group in other.param_groups] == [1, 1, 1]


def test_schedules_clipping_and_scaled_gradients_compose():
    model = network()
    optimizer = SpeedLimited.from_model(model, favor="3", others=0.0, lr=0.3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    moved(model, optimizer)
    schedule.step()
    before = [p.detach().clone() for p in model.parameters()]
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimizer.zero_grad()
    scaler.scale(model(torch.randn(5, 1, 4, 4)).square().mean()).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
    scaler.step(optimizer)
    steps = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
    assert length(steps[2:4]) == pytest.approx(0.15, rel=1e-6)
    assert length(steps[:2]) == 0


def test_weight_decay_is_decoupled():
    torch.manual_seed(5)
    model = network()
    twin = network()
    twin.load_state_dict(model.state_dict())
    x = torch.randn(5, 1, 4, 4)
    before = [p.detach().clone() for p in model.parameters()]
    for net, decay in ((model, 0.1), (twin, 0.0)):
        optimizer = SpeedLimited.from_model(net, favor=["0", "3"], lr=0.2, weight_decay=decay)
        net(x).square().mean().backward()
        optimizer.step()
    for p, q, b in zip(model.parameters(), twin.parameters(), before, strict=True):
        assert torch.allclose(p, q - 0.02 * b, atol=1e-14)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="unknown layer '7'"):
        SpeedLimited.from_model(network(), favor="7")
    with pytest.raises(InputError, match=r"lr must be a finite number from 0, got -0\.1"):
        SpeedLimited(network().parameters(), lr=-0.1)


def test_the_favored_convolution_aligns():
    """UC-NFA of each convolutional layer is higher where it is favored than after plain descent, on a small network."""
    from nfa_theory.torch import measure

    def train(favor):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(),
                              nn.Linear(128, 1))  # fmt: skip
        x = torch.randn(40, 1, 8, 8)
        y = torch.sign(x[:, :, 2:5, 2:5].sum((1, 2, 3)))[:, None]
        if favor is None:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        else:
            optimizer = SpeedLimited.from_model(model, favor=favor, others=0.01, lr=0.05)
        for _ in range(300):
            optimizer.zero_grad()
            (model(x) - y).square().mean().backward()
            optimizer.step()
        return measure(model, x).uc_nfa

    plain = train(None)
    for layer in ("0", "2"):
        assert float(train(layer).sel(layer=layer)) > float(plain.sel(layer=layer)) + 0.1
