"""Each adapter against the real library, where it is installed."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import json  # noqa: E402

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from nfa_theory.torch import AlignmentProbe  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of other libraries


def run(probe, model, x):
    with probe:
        for _ in range(2):
            model.zero_grad()
            model(x).square().mean().backward()
            with torch.no_grad():
                for p in model.parameters():
                    p.sub_(p.grad, alpha=0.1)
            probe.step()
    return probe.record


def network():
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from nfa_theory.torch.adapters.tensorboard import TensorBoardSink

    model, x, sink = network(), torch.randn(8, 4), TensorBoardSink(tmp_path)
    record = run(AlignmentProbe(model, x, every=1, sinks=[sink]), model, x)
    sink.writer.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    written = events.Scalars("c_nfa/0")
    assert [event.step for event in written] == [1, 2]  # undefined before the first step
    assert [event.value for event in written] == pytest.approx(record.c_nfa.sel(layer="0").values[0, 1:], abs=1e-6)


def test_wandb(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="needs wandb")
    from nfa_theory.torch.adapters.wandb import WandbSink

    monkeypatch.setenv("WANDB_SILENT", "true")
    try:
        active = wandb.init(mode="offline", dir=str(tmp_path), project="test")
    except Exception as error:
        pytest.skip(f"wandb does not start here: {error}")
    model, x = network(), torch.randn(8, 4)
    record = run(AlignmentProbe(model, x, every=1, sinks=[WandbSink()]), model, x)
    found = active.summary["uc_nfa/2"]
    active.finish()
    assert found == pytest.approx(float(record.uc_nfa.sel(layer="2")[0, -1]))


def test_lightning(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch", reason="needs lightning")
    from nfa_theory.torch.adapters.lightning import AlignmentCallback

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, index):
            return self(batch[0]).square().mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    x = torch.randn(16, 4)
    callback = AlignmentCallback(x, every=1)
    trainer = lightning.Trainer(max_epochs=1, accumulate_grad_batches=2, callbacks=[callback], logger=False,
                                enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu",
                                default_root_dir=tmp_path, enable_model_summary=False)  # fmt: skip
    trainer.fit(Module(), DataLoader(TensorDataset(x), batch_size=4))
    assert callback.probe.record.step.values.tolist() == [0, 1, 2]
    assert callback.probe.record.layer.values.tolist() == ["net.0", "net.2"]


def test_hugging_face_trainer(tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    pytest.importorskip("accelerate", reason="needs accelerate")
    from nfa_theory.torch.adapters.transformers import AlignmentTrainerCallback

    torch.set_default_dtype(torch.float32)
    config = transformers.GPT2Config(vocab_size=17, n_positions=8, n_embd=16, n_layer=1, n_head=2)
    model = transformers.GPT2LMHeadModel(config)
    tokens = torch.randint(0, 17, (8, 6))
    data = [{"input_ids": row, "labels": row} for row in tokens]
    callback = AlignmentTrainerCallback({"input_ids": tokens}, every=1, heads={"transformer.h.0.attn.c_attn": (3, 2)})
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=4, report_to=[], use_cpu=True,
        save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    transformers.Trainer(model=model, args=arguments, train_dataset=data, callbacks=[callback]).train()
    record = callback.probe.record
    assert record.step.values.tolist() == [0, 1, 2]
    attention = [f"transformer.h.0.attn.c_attn.{part}" for part in "qkv"]
    names = ["transformer.wte", "transformer.wpe", *attention, "transformer.h.0.attn.c_proj", "lm_head"]
    assert set(names) <= set(record.layer.values.tolist()), (record.layer.values, json.loads(record.attrs["notes"]))
    assert record.uc_nfa_by_head.sel(layer=attention[0]).notnull().all()
