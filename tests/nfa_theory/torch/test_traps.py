"""What goes wrong silently in other ways to look at gradients, and that nothing of the model is changed."""

import copy
import json
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402
from torch_reference import changed, covariance, hooked  # noqa: E402

from nfa_theory.torch import measure, ptf_covariances  # noqa: E402
from numerics import InputError  # noqa: E402


def same(K, expected, tolerance=1e-10):
    return float((K - expected).abs().max() / expected.abs().max()) < tolerance


def convolutional(inplace=True):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace), nn.Conv2d(4, 3, 3), nn.ReLU(inplace), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(12, 2),
    )  # fmt: skip


def with_statistics(model, x):
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(x)
    return model


def test_relu_in_place_and_residual_in_place():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Linear(4, 4) for _ in range(3))

        def forward(self, x):
            h = self.a(x)
            h.relu_()
            z = self.b(h)
            z += h
            z.mul_(z.sigmoid())
            return self.c(torch.relu_(z))

    model, x = Residual(), torch.randn(5, 4)
    K = ptf_covariances(model, x)

    def out_of_place(one, deltas):
        h = torch.relu(model.a(one) + deltas.get("a", 0))
        z = model.b(h) + deltas.get("b", 0) + h
        return model.c(torch.relu(z * z.sigmoid())) + deltas.get("c", 0)

    for name in "abc":
        assert same(K[name], covariance(out_of_place, x, name, (4,), -1))


@pytest.mark.parametrize("frozen", ["first", "all"])
def test_frozen_layers(frozen):
    model, x = convolutional(), torch.randn(4, 1, 6, 6)
    expected = ptf_covariances(model, x)
    for parameter in model[0].parameters() if frozen == "first" else model.parameters():
        parameter.requires_grad_(False)
    K = ptf_covariances(model, x)
    assert all(torch.equal(K[name], expected[name]) for name in expected)
    assert not any(p.requires_grad for p in model[0].parameters())


def test_evaluation_mode_is_the_default_and_stale_statistics_are_named():
    model, x = convolutional(inplace=False), torch.randn(6, 1, 6, 6)
    model.train()
    notes = json.loads(measure(model, x).attrs["notes"])
    assert [note for note in notes if note.startswith("1: running statistics were never updated")]
    with_statistics(model, x)
    assert json.loads(measure(model, x).attrs["notes"]) == []
    reference = copy.deepcopy(model).eval()
    assert same(ptf_covariances(model, x)["0"], covariance(hooked(reference), x, "0", (4, 4, 4), 0))
    in_training = measure(model, x, training=True)
    assert "mixes samples" in in_training.attrs["notes"]


class Checkpointed(nn.Module):
    def __init__(self, reentrant, everything=False):
        super().__init__()
        self.reentrant, self.everything = reentrant, everything
        self.a, self.b, self.c = nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def inner(self, h):
        return torch.tanh(self.b(torch.relu_(self.b(h))))

    def whole(self, x):
        return self.c(self.inner(torch.tanh(self.a(x))))

    def forward(self, x):
        if self.everything:
            return checkpoint(self.whole, x, use_reentrant=self.reentrant)
        return self.c(checkpoint(self.inner, torch.tanh(self.a(x)), use_reentrant=self.reentrant))


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True:UserWarning")
def test_checkpoints(reentrant, everything):
    model, x = Checkpointed(reentrant, everything), torch.randn(4, 3)
    K = ptf_covariances(model, x)
    plain = Checkpointed(reentrant)
    plain.load_state_dict(model.state_dict())
    plain.forward = plain.whole
    expected = ptf_covariances(plain, x)
    assert set(K) == {"a", "b", "c"}
    for name in K:
        assert same(K[name], expected[name])
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_a_users_own_backward_is_no_call():
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, W):
            ctx.save_for_backward(x, W)
            return x @ W

        @staticmethod
        def backward(ctx, g):
            x, W = ctx.saved_tensors
            return g @ W.T, x.T @ g

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.W = nn.Linear(3, 4), nn.Parameter(torch.randn(4, 2))

        def forward(self, x):
            return Product.apply(torch.tanh(self.first(x)), self.W)

    model, x = Model(), torch.randn(4, 3)
    plain = Model()
    plain.load_state_dict(model.state_dict())
    plain.forward = lambda x: torch.tanh(plain.first(x)) @ plain.W
    K = ptf_covariances(model, x)
    assert set(K) == {"first"}  # the other call cannot be seen, and its gradients must not be taken for calls
    assert same(K["first"], ptf_covariances(plain, x)["first"])
    assert json.loads(measure(model, x).attrs["notes"]) == ["W: called where gradients are off, and not again"]


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_callers_context(context):
    model, x = convolutional(), torch.randn(4, 1, 6, 6)
    expected = ptf_covariances(model, x)
    with context():
        K = ptf_covariances(model, torch.as_tensor(x.numpy()))
    assert all(torch.equal(K[name], expected[name]) for name in expected)


def test_parameters_made_in_inference_mode_are_refused_by_name():
    with torch.inference_mode():
        model = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(InputError, match=r"parameters must be ordinary tensors, got 0\.weight"):
        measure(model, torch.randn(4, 3))


def test_float32_agrees_with_float64():
    torch.manual_seed(3)
    model = convolutional(inplace=False)
    moved, x = changed(model), torch.randn(16, 1, 6, 6)
    double = measure(moved, x, model)
    single = measure(moved.float(), x.float(), model.float())
    assert np.allclose(single.uc_nfa, double.uc_nfa, atol=1e-3)
    assert np.allclose(single.c_nfa, double.c_nfa, atol=1e-3)


def state_of(model):
    return {
        "modes": [m.training for m in model.modules()],
        "flags": [p.requires_grad for p in model.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "gradient objects": [id(p.grad) for p in model.parameters()],
        "parameters": [p.detach().clone() for p in model.parameters()],
        "parameter objects": [id(p) for p in model.parameters()],
        "places": [p.data_ptr() for p in model.parameters()],
        "buffers": [b.clone() for b in model.buffers()],
        "buffer objects": [id(b) for b in model.buffers()],
        "random": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].copy(),  # noqa: NPY002
        "hooks": [
            [len(getattr(m, kind)) for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")]
            for m in model.modules()
        ],
        "grad mode": torch.is_grad_enabled(),
        "fast path": torch.backends.mha.get_fastpath_enabled(),
    }


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


class Restless(nn.Module):
    """Changes its buffers, draws random numbers from everywhere, and may fail."""

    def __init__(self, fails=False):
        super().__init__()
        self.body, self.fails = with_statistics(convolutional(), torch.randn(4, 1, 6, 6)), fails
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("replaced", torch.zeros(()))

    def forward(self, x):
        self.count += 1
        self.replaced = self.replaced + 1
        noise = random.random() + float(np.random.rand()) + float(torch.rand(()))  # noqa: NPY002
        if self.fails and x.shape[0] > 1:
            raise RuntimeError("the model failed")
        return self.head(self.body(x)) + noise


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("training", [False, True, None])
def test_nothing_of_the_model_is_changed(fails, training):
    model = Restless(fails).train()
    model.body[3].eval()
    model.body[0].weight.requires_grad_(False)
    model.body[7].weight.grad = torch.ones_like(model.body[7].weight)
    initial, x = changed(model), torch.randn(6, 1, 6, 6)
    before = state_of(model)

    def run():
        return measure(model, x, initial, training=training, loss=lambda f, y: f.square().mean())

    if fails:
        with pytest.raises(RuntimeError, match="the model failed"):
            run()
    else:
        assert run().sizes["layer"] == 4
    after = state_of(model)
    assert [name for name in before if not equal(before[name], after[name])] == []


def test_an_exception_in_a_backward_pass_leaves_the_model_as_it_was():
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("backward failed")

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.b(Fails.apply(self.a(x)))

    model, x = Model().train(), torch.randn(4, 3)
    before = state_of(model)
    with pytest.raises(RuntimeError, match="backward failed"):
        measure(model, x)
    after = state_of(model)
    assert [name for name in before if not equal(before[name], after[name])] == []


def test_what_is_not_measured_is_named():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(3, 4), nn.Linear(3, 4)
            self.position = nn.Parameter(torch.randn(3, 3))
            self.memory = nn.GRU(4, 4, batch_first=True)
            self.aside = nn.Linear(4, 1)

        def forward(self, x):
            h = self.used(x + self.position)
            self.aside(h)
            return self.memory(h)[0][:, -1]

    notes = json.loads(measure(Model(), torch.randn(5, 3, 3)).attrs["notes"])
    said = dict(note.split(": ", 1) for note in notes)
    assert said["unused.weight"] == "never called in the forward pass"
    assert said["position"].startswith("used by ")
    assert "add" in said["position"]
    assert "recurrent" in said["memory.weight_ih_l0"]
    assert said["aside.weight"] == "called, but the outputs do not depend on it"


def test_roots_of_layers_with_many_inputs_need_no_large_eigenproblem(monkeypatch):
    """A convolution of 512 channels has patches of 4608 numbers: eigenproblems stay as small as the units."""
    sizes, eigh = [], torch.linalg.eigh
    monkeypatch.setattr(torch.linalg, "eigh", lambda A: sizes.append(A.shape[-1]) or eigh(A))
    model = nn.Sequential(nn.Conv2d(512, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    measured = measure(model, torch.randn(3, 512, 4, 4), power=0.5)
    assert np.isfinite(measured.uc_nfa).all()
    assert measured.inputs.values.tolist() == [4608, 16]
    assert sizes
    assert max(sizes) <= 4


@pytest.mark.parametrize("units", [4, 200])
def test_memory_does_not_grow_with_the_samples(units):
    """Neither the largest tensor that is made, nor what is kept of a layer, is larger for eight times the samples."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Largest(TorchDispatchMode):
        entries = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            own = [t.numel() for t in tree_leaves(made) if isinstance(t, torch.Tensor) and not t._is_view()]
            self.entries = max([self.entries, *own])
            return made

    model = nn.Sequential(nn.Conv2d(1, units, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * units, 2))
    largest = {}
    for samples in (256, 2048):
        x = torch.randn(samples, 1, 6, 6)
        with Largest() as found:
            measure(model, x, layers="0", chunk=8)
        largest[samples] = found.entries
    assert largest[2048] <= max(largest[256], 2048 * 36)  # the batch itself
