"""The experiments with convolutions at a size of a second: records, verdicts with their twins, figures."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

from small_experiments import NEED_PYTORCH, small_record  # noqa: E402

from nfa_theory.experiments import find_experiment, verdict_of  # noqa: E402
from nfa_theory.experiments.convolutions.measure import image_sets  # noqa: E402
from nfa_theory.figures.export import render  # noqa: E402
from nfa_theory.figures.gallery import figures_of, read_record  # noqa: E402
from nfa_theory.torch.image_networks import square_images, vgg11  # noqa: E402
from numerics import InputError, save_record  # noqa: E402


@pytest.fixture(autouse=True)
def float32(float64):
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", NEED_PYTORCH)
def test_two_runs_give_identical_records_and_figures(name, tmp_path):
    record = small_record(name)
    assert find_experiment(name)(**NEED_PYTORCH[name]).identical(record)
    assert verdict_of(record)["outcome"] in {"held", "refuted", "undecided"}
    read = read_record(save_record(record, tmp_path / "record.nc"))
    for one, other in zip(figures_of(record), figures_of(read), strict=True):
        assert render(one, "svg") == render(other, "svg")
        assert one.rows
        assert {len(row) for row in one.rows} == {len(one.header)}


def test_the_record_holds_every_layer_of_both_networks():
    record = small_record("convolutions")
    assert record.moment.values.tolist() == ["start", "first step", "epoch 1", "epoch 2"]
    layers = record.uc_nfa.notnull().all(("data", "seed", "moment")).sum("layer")
    assert layers.sel(network="vgg11") == 8
    assert layers.sel(network="mlp") == 2
    assert record.c_nfa.sel(moment="start").isnull().all()


def spread(center):
    return center + 0.001 * np.arange(3)


def test_the_claim_on_convolutions_is_held_where_it_is_true_and_refused_where_not():
    record = small_record("convolutions").copy(deep=True)
    there = record.uc_nfa.notnull()
    record["uc_nfa"] = (record.uc_nfa * 0 + 0.5 + 0.001 * record.seed).where(there)
    record["c_nfa"] = (record.uc_nfa * 0 + 0.9).where(there)
    judge = find_experiment("convolutions").judge
    assert judge(record).outcome == "held"
    for moment in ("first step", "epoch 2"):
        false = record.copy(deep=True)
        false.c_nfa.loc[{"network": "vgg11", "layer": 5, "moment": moment}] = 0.4
        assert judge(false).outcome == "refuted"


def test_the_claim_on_favored_convolutions_is_held_where_it_is_true_and_refused_where_not():
    record = small_record("favored_convolution").copy(deep=True)
    record["uc_nfa"] = record.uc_nfa * 0 + 0.8 + 0.001 * record.seed
    for layer in (1, 2, 3):
        record.uc_nfa.loc[{"optimizer": f"slo {layer}", "layer": layer}] = spread(0.97)[:, None]
    judge = find_experiment("favored_convolution").judge
    assert judge(record).outcome == "held"
    for value, optimizer in ((0.9, "slo 2"), (0.99, "sgd 0.1")):
        false = record.copy(deep=True)
        false.uc_nfa.loc[{"optimizer": optimizer, "layer": 2}] = spread(value)[:, None]
        assert judge(false).outcome == "refuted"


def test_images_come_to_one_size():
    image = np.arange(2 * 28 * 28.0).reshape(2, -1)
    padded = square_images(image, (28, 28, 1))
    assert tuple(padded.shape) == (2, 1, 32, 32)
    assert torch.equal(padded[:, 0, 2:30, 2:30].flatten(1), torch.as_tensor(image, dtype=torch.float32))
    assert float(padded[:, :, :2].abs().max()) == 0
    large = square_images(np.ones((1, 96 * 96 * 3)), (96, 96, 3))
    assert torch.equal(large, torch.ones(1, 3, 32, 32))
    with pytest.raises(InputError, match="images must have at most 32 pixels a side or a multiple of it, got 40 x 40"):
        square_images(np.ones((1, 1600)), (40, 40, 1))


def test_the_network_of_the_paper_has_its_layers():
    sizes = [tuple(part.weight.shape[:2]) for part in vgg11(3, 10, 64, 0) if isinstance(part, torch.nn.Conv2d)]
    assert sizes == [(64, 3), (128, 64), (256, 128), (256, 256), (512, 256), (512, 512), (512, 512), (512, 512)]


def test_sets_are_named_or_found(monkeypatch, tmp_path):
    monkeypatch.setenv("NFA_DATA", str(tmp_path))
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"")
    assert image_sets("mnist, svhn") == ["mnist", "svhn"]
    assert {"fashion_mnist_subset", "cifar10"} <= set(image_sets("found"))


def test_without_pytorch_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "nfa_theory.torch.image_experiments", None)
    with pytest.raises(InputError, match=r"this experiment needs PyTorch, got none: pip install 'nfa-theory\[torch\]'"):
        find_experiment("convolutions")(**NEED_PYTORCH["convolutions"])
