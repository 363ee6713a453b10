"""K of every kind of layer against `torch.func.jacrev`, one sample at a time, to 1e-10."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch_reference import covariance, hooked  # noqa: E402

from nfa_theory.torch import measure, ptf_covariances  # noqa: E402


def same(K, expected):
    return float((K - expected).abs().max() / expected.abs().max()) < 1e-10


def check(model, x, layer, shape, axis, f=None, **settings):
    model.eval()
    K = ptf_covariances(model, x, **settings)
    expected = covariance(f or hooked(model), x, layer, shape, axis)
    assert same(K[layer], expected)
    assert not same(K[layer], expected * 1.02)
    return K


@pytest.mark.parametrize(
    ("conv", "x", "shape"),
    [
        (nn.Conv1d(2, 4, 3, stride=2, padding=2, dilation=2), (3, 2, 9), (4, 5)),
        (nn.Conv1d(2, 4, 3, padding=1, padding_mode="circular"), (3, 2, 6), (4, 6)),
        (nn.Conv2d(2, 4, 3, padding=1), (3, 2, 5, 5), (4, 5, 5)),
        (nn.Conv2d(2, 4, (3, 2), padding="same", padding_mode="reflect"), (3, 2, 5, 5), (4, 5, 5)),
        (nn.Conv2d(2, 4, 3, padding=(2, 1), padding_mode="replicate", stride=(2, 1)), (3, 2, 5, 5), (4, 4, 5)),
        (nn.Conv2d(4, 6, 3, groups=2), (3, 4, 5, 5), (6, 3, 3)),
        (nn.Conv2d(4, 4, 3, groups=4, bias=False), (3, 4, 5, 5), (4, 3, 3)),
        (nn.Conv3d(1, 3, 2, stride=2), (3, 1, 4, 4, 4), (3, 2, 2, 2)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (3, 4, 3, 3), (6, 7, 7)),
    ],
)
def test_convolutions(conv, x, shape):
    torch.manual_seed(1)
    size = torch.Size(shape).numel()
    model = nn.Sequential(conv, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(size, 3)).double()
    check(model, torch.randn(x), "0", shape, 0)


@pytest.mark.parametrize("leading", [(), (4,), (2, 3)])
def test_dense_layers_with_any_leading_axes(leading):
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    x = torch.randn(4, *leading, 3)
    model(x)
    model = model.double()
    check(model, x, "0", (*leading, 5), -1)
    check(model, x, "2", (*leading, 4), -1)


class ByFunction(nn.Module):
    """Weights used by function: F.linear, products from both sides, addmm, einsum, vectors."""

    def __init__(self):
        super().__init__()
        self.A = nn.Parameter(torch.randn(5, 3))
        self.B = nn.Parameter(torch.randn(5, 4))
        self.C = nn.Parameter(torch.randn(4, 6))
        self.D = nn.Parameter(torch.randn(6, 2, 3))
        self.E = nn.Parameter(torch.randn(5, 6))
        self.v = nn.Parameter(torch.randn(5))
        self.bias = nn.Parameter(torch.randn(6))

    def forward(self, x, deltas=None):
        d = deltas or {}
        h = torch.tanh(F.linear(x, self.A) + d.get("A", 0))
        h = torch.tanh(h @ self.B + d.get("B", 0))
        h = torch.tanh(torch.addmm(self.bias, h, self.C) + d.get("C", 0))
        y = (
            torch.einsum("nd,dhk->nhk", h, self.D) + d.get("D", 0).reshape(2, 3)
            if "D" in d
            else torch.einsum("nd,dhk->nhk", h, self.D)
        )
        y = torch.tanh(y).flatten(1)
        z = (self.E @ y.T).T + d.get("E", 0)
        return torch.stack((torch.tanh(z) @ self.v + d.get("v", torch.zeros(1))[0], torch.sin(z).sum(1)), 1)


@pytest.mark.parametrize(("name", "units"), [("A", 5), ("B", 4), ("C", 6), ("D", 6), ("E", 5), ("v", 1)])
def test_weights_used_by_function(name, units):
    model = ByFunction()
    x = torch.randn(4, 3)
    check(model, x, name, (units,), -1, f=lambda one, deltas: model(one[None], deltas))


class Shared(nn.Module):
    """One weight in two calls, spelled differently, on rows and columns of a tied embedding."""

    def __init__(self, readout):
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.mix = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 7, bias=False) if readout else None
        if readout:
            self.head.weight = self.embed.weight

    def forward(self, tokens, deltas=None):
        d = deltas or {}
        h = self.embed(tokens) + d.get("embed", 0)
        first, second = d.get("mix", torch.zeros(2, 1, 1, 4))
        h = torch.tanh(self.mix(h) + first)
        h = torch.tanh(h @ self.mix.weight.T + second)
        logits = self.head(h) if self.head is not None else h @ self.embed.weight.T
        return (logits + d.get("head", 0) + d.get("embed.T", 0)).tanh().flatten(1)


@pytest.mark.parametrize("readout", [True, False])
def test_tied_and_shared_weights(readout):
    model = Shared(readout)
    tokens = torch.randint(0, 7, (4, 3))
    f = lambda one, deltas: model(one[None], deltas)  # noqa: E731
    check(model, tokens, "mix", (2, 1, 3, 4), -1, f=f)
    check(model, tokens, "embed", (1, 3, 4), -1, f=f)
    K = check(model, tokens, "head" if readout else "embed.T", (1, 3, 7), -1, f=f)
    assert set(K) == {"embed", "mix", "head" if readout else "embed.T"}


class Attention(nn.Module):
    """What `nn.MultiheadAttention` does, written out with its projections' deltas; self and cross attention."""

    def __init__(self, cross, kdim=None, batch_first=True):
        super().__init__()
        self.cross, self.batch_first = cross, batch_first
        self.mha = nn.MultiheadAttention(8, 2, batch_first=batch_first, kdim=kdim, vdim=kdim)
        self.context = torch.randn(5, kdim or 8)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        keys = self.context.expand(x.shape[0], -1, -1) if self.cross else x
        if not self.batch_first:
            x, keys = x.transpose(0, 1), keys.transpose(0, 1)
        y, _ = self.mha(x, keys, keys, need_weights=False)
        return self.out(torch.tanh(y if self.batch_first else y.transpose(0, 1))).flatten(1)

    def written_out(self, x, deltas):
        mha, keys = self.mha, (self.context if self.cross else x)
        if mha.in_proj_weight is not None:
            weights = mha.in_proj_weight.chunk(3)
        else:
            weights = (mha.q_proj_weight, mha.k_proj_weight, mha.v_proj_weight)
        parts = [
            (z @ W.T + b + deltas.get(f"mha.{name}", 0)).unflatten(-1, (2, 4)).transpose(-2, -3)
            for name, z, W, b in zip("qkv", (x, keys, keys), weights, mha.in_proj_bias.chunk(3), strict=True)
        ]
        y = torch.softmax(parts[0] @ parts[1].mT / 2, -1) @ parts[2]
        y = y.transpose(-2, -3).flatten(-2)
        y = y @ mha.out_proj.weight.T + mha.out_proj.bias + deltas.get("mha.out_proj", 0)
        return self.out(torch.tanh(y)).flatten()


@pytest.mark.parametrize(("cross", "kdim", "first"), [(False, None, True), (False, None, False), (True, None, True),
                                                       (True, 6, True)])  # fmt: skip
def test_attention_projections(cross, kdim, first):
    model, x = Attention(cross, kdim, first), torch.randn(4, 3, 8)
    for name, length in (("mha.q", 3), ("mha.k", 5 if cross else 3), ("mha.v", 5 if cross else 3)):
        K = check(model, x, name, (length, 8), -1, f=model.written_out)
    check(model, x, "mha.out_proj", (3, 8), -1, f=model.written_out)
    assert set(K) == {"mha.q", "mha.k", "mha.v", "mha.out_proj", "out"}


class Fused(nn.Module):
    """Attention with q, k and v in one dense layer, as language models have it."""

    def __init__(self):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x, delta=None):
        qkv = self.c_attn(x)
        qkv = qkv if delta is None else qkv + delta
        q, k, v = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in qkv.split(8, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2)).tanh().mean(1)


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # of the reference
def test_fused_projections_and_heads():
    model, x = Fused(), torch.randn(4, 3, 8)
    whole = covariance(lambda one, d: model(one[None], d["c_attn"]), x, "c_attn", (3, 24), -1)
    K = ptf_covariances(model, x, heads={"c_attn": (3, 2)})
    for at, part in enumerate("qkv"):
        rows = slice(8 * at, 8 * at + 8)
        assert same(K[f"c_attn.{part}"], whole[rows, rows])
    assert same(ptf_covariances(model, x)["c_attn"], whole)
    measured = measure(model, x, heads={"c_attn": (3, 2)})
    W = model.c_attn.weight.detach()
    for head in (0, 1):
        rows = slice(8 + 4 * head, 12 + 4 * head)  # of k
        nfm, agop = W[rows].T @ W[rows], W[rows].T @ whole[rows, rows] @ W[rows]
        expected = float((nfm * agop).sum() / nfm.norm() / agop.norm())
        assert abs(float(measured.uc_nfa_by_head.sel(layer="c_attn.k")[head]) - expected) < 1e-10


class Computed(nn.Module):
    """Weights that the model computes: with a factor, a mask, a low-rank correction."""

    def __init__(self):
        super().__init__()
        self.W, self.M = nn.Parameter(torch.randn(5, 3)), nn.Parameter(torch.randn(4, 5))
        self.up, self.down = nn.Parameter(torch.randn(4, 1)), nn.Parameter(torch.randn(1, 5))
        self.register_buffer("mask", torch.randint(0, 2, (5, 3)).double())

    def forward(self, x, deltas=None):
        d = deltas or {}
        h = torch.tanh(x @ (self.W * self.mask / 3**0.5).T + d.get("W", 0))
        return torch.sin(F.linear(h, self.M + self.up @ self.down) + d.get("M", 0))


@pytest.mark.parametrize(("name", "units"), [("W", 5), ("M", 4)])
def test_computed_weights(name, units):
    model, x = Computed(), torch.randn(4, 3)
    K = check(model, x, name, (units,), -1, f=lambda one, d: model(one[None], d))
    assert set(K) == {"W", "M"}


@pytest.mark.parametrize("norm", [nn.utils.weight_norm, nn.utils.parametrizations.weight_norm,
                                  nn.utils.parametrizations.spectral_norm])  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
def test_weight_norms(norm):
    model = nn.Sequential(norm(nn.Linear(3, 5)), nn.ReLU(True), norm(nn.Linear(5, 4)), nn.Tanh())
    x = torch.randn(4, 3)
    K = check(model, x, "0", (5,), -1)
    assert set(K) == {"0", "2"}
    W = model[0].weight.detach()
    nfm, agop = W.T @ W, W.T @ K["0"] @ W
    assert abs(float(measure(model, x).uc_nfa[0]) - float((nfm * agop).sum() / nfm.norm() / agop.norm())) < 1e-10


def test_outputs_can_be_chosen():
    model, x = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4)), torch.randn(4, 3)
    expected = covariance(hooked(model), x, "0", (5,), -1, outputs=[0, 2])
    assert same(ptf_covariances(model, x, outputs=[0, 2])["0"], expected)
    assert same(ptf_covariances(model, x, outputs=lambda f: f[:, [0, 2]])["0"], expected)
