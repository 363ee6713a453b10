"""The probe: a record like that of `simulate`, the same record on the same run, save and resume."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import nfa_theory as nfa  # noqa: E402
from nfa_theory.torch import AlignmentProbe  # noqa: E402
from numerics import InputError  # noqa: E402


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(True), nn.Linear(5, 2))


def train(model, x, y, steps, probe, rate=0.1):
    for _ in range(steps):
        model.zero_grad()
        loss = (model(x) - y).square().sum(1).mean() / 2
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p.sub_(p.grad, alpha=rate)
        probe.step(loss)


def test_the_record_of_a_run_and_its_figures():
    x, y = torch.randn(20, 4), torch.randn(20, 2)
    model = network()
    before = torch.get_rng_state()
    with AlignmentProbe(model, DataLoader(TensorDataset(x, y), 8, shuffle=True), every=2, samples=12) as probe:
        assert torch.equal(before, torch.get_rng_state())
        train(model, x, y, 5, probe)
    record = probe.record
    assert record.step.values.tolist() == [0, 2, 4, 5]
    assert record.layer.values.tolist() == ["0", "2", "4"]
    assert record.uc_nfa.dims == ("seed", "step", "layer")
    assert np.isnan(record.c_nfa.isel(step=0)).all()
    assert np.isfinite(record.c_nfa.isel(step=slice(1, None))).all()
    assert np.allclose(record.decomposition.sum(("nfm_term", "agop_term")), record.uc_nfa)
    assert probe.batch.samples == 12
    assert [figure.name for figure in nfa.figures.figures_of(record)] == ["alignment", "decomposition"]


def test_sinks_hear_of_every_measurement():
    heard = []
    model, x = network(), torch.randn(6, 4)
    with AlignmentProbe(model, x, every=1, sinks=[lambda step, numbers: heard.append((step, numbers))]) as probe:
        train(model, x, torch.zeros(6, 2), 2, probe)
    assert [step for step, _ in heard] == [0, 1, 2]
    assert {"uc_nfa/0", "c_nfa/2", "relative_weight_change/4"} <= set(heard[-1][1])


def test_a_stopped_run_goes_on(tmp_path):
    x, y = torch.randn(20, 4), torch.randn(20, 2)
    whole = network()
    with AlignmentProbe(whole, x, every=2, samples=10) as probe:
        train(whole, x, y, 6, probe)
    model = network()
    with AlignmentProbe(model, x, every=2, samples=10) as first:
        train(model, x, y, 2, first)
        first.save(tmp_path / "probe.npz")
    with AlignmentProbe(model, x, every=2, samples=10).resume(tmp_path / "probe.npz") as second:
        train(model, x, y, 4, second)
    assert second.record.identical(probe.record)
    with pytest.raises(InputError, match="must be of a probe with the same settings"):
        AlignmentProbe(model, x, every=2, samples=10, seed=1).resume(tmp_path / "probe.npz")
    with pytest.raises(InputError, match="is no file of a probe that can be read"):
        AlignmentProbe(model, x).resume(tmp_path / "missing.npz")
