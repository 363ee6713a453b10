"""K of every layer of whole models against `torch.func.jacrev`, one sample at a time, to 1e-10, and their alignments.

VGG-like, ResNet-like, a vision transformer and a small language model, at their initial weights, after one step and
trained; each written as a user writes it, its in-place activations and fused kernels included.
"""

import copy
from typing import ClassVar

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch_reference import alignments, covariance  # noqa: E402

from nfa_theory.torch import measure, ptf_covariances  # noqa: E402


def plus(deltas, name, h):
    """Add a layer's delta to its pre-activations, in the reference."""
    return h if name not in deltas else h + deltas[name].reshape(h.shape)


class Vgg(nn.Module):
    """Convolutions, batch norm, in-place ReLU, pooling, a classifier with dropout."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
            nn.Conv2d(6, 5, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )  # fmt: skip
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(5, 7), nn.ReLU(True), nn.Dropout(), nn.Linear(7, 3))

    layers: ClassVar = {
        "features.0": (1, 4, 8, 8), "features.4": (1, 6, 4, 4), "features.7": (1, 5, 4, 4),
        "classifier.0": (1, 7), "classifier.3": (1, 3),
    }  # fmt: skip

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def written_out(self, x, deltas):
        f, c = self.features, self.classifier
        h = torch.relu(f[1](plus(deltas, "features.0", f[0](x[None]))))
        h = torch.relu(f[5](plus(deltas, "features.4", f[4](F.max_pool2d(h, 2)))))
        h = torch.relu(plus(deltas, "features.7", f[7](h)))
        h = F.max_pool2d(h, 2).mean((2, 3))
        return plus(deltas, "classifier.3", c[3](torch.relu(plus(deltas, "classifier.0", c[0](h)))))


class Resnet(nn.Module):
    """A stem, a block with a projected shortcut, a block with an identity added in place."""

    def __init__(self):
        super().__init__()
        self.stem, self.bn = nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)
        self.one, self.two = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.down = nn.Conv2d(3, 4, 1, stride=2)
        self.three = nn.Conv2d(4, 4, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(4)
        self.relu, self.fc = nn.ReLU(inplace=True), nn.Linear(4, 3)

    layers: ClassVar = {
        "stem": (1, 3, 6, 6), "one": (1, 4, 3, 3), "two": (1, 4, 3, 3), "down": (1, 4, 3, 3), "three": (1, 4, 3, 3),
        "fc": (1, 3),
    }  # fmt: skip

    def forward(self, x):
        x = self.relu(self.bn(self.stem(x)))
        h = self.two(self.relu(self.one(x)))
        h += self.down(x)
        h = self.relu(h)
        z = self.bn3(self.three(h))
        z += h
        return self.fc(self.relu(z).mean((2, 3)))

    def written_out(self, x, deltas):
        x = torch.relu(self.bn(plus(deltas, "stem", self.stem(x[None]))))
        h = plus(deltas, "two", self.two(torch.relu(plus(deltas, "one", self.one(x)))))
        h = torch.relu(h + plus(deltas, "down", self.down(x)))
        z = torch.relu(self.bn3(plus(deltas, "three", self.three(h))) + h)
        return plus(deltas, "fc", self.fc(z.mean((2, 3))))


def attended(q, k, v, heads, mask=None):
    """Scaled dot-product attention by its formula."""
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores if mask is None else scores.masked_fill(mask, -torch.inf)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)


class VisionTransformer(nn.Module):
    """Patches, a class token, two of PyTorch's encoder layers, one with norms first."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 3, stride=3)
        self.token, self.position = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 5, 8))
        self.a = nn.TransformerEncoderLayer(8, 2, 6, dropout=0.1, batch_first=True, norm_first=True, activation="gelu")
        self.b = nn.TransformerEncoderLayer(8, 4, 6, dropout=0.1, batch_first=True)
        self.head = nn.Linear(8, 3)

    layers: ClassVar = {"patches": (1, 8, 2, 2), "head": (1, 3)} | {
        f"{block}.{name}": (1, 5, units)
        for block in "ab"
        for name, units in [
            *((f"self_attn.{part}", 8) for part in ("q", "k", "v", "out_proj")),
            ("linear1", 6),
            ("linear2", 8),
        ]
    }

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.token.expand(len(x), -1, -1), tokens), 1) + self.position
        return self.head(self.b(self.a(tokens))[:, 0])

    def written_out(self, x, deltas):
        h = plus(deltas, "patches", self.patches(x[None])).flatten(2).transpose(1, 2)
        h = torch.cat((self.token, h), 1) + self.position
        for name in "ab":
            block = getattr(self, name)

            def attention(z, name=name, block=block):
                mha = block.self_attn
                W, b = mha.in_proj_weight.chunk(3), mha.in_proj_bias.chunk(3)
                q, k, v = (
                    plus(deltas, f"{name}.self_attn.{part}", z @ M.T + c)
                    for part, M, c in zip("qkv", W, b, strict=True)
                )
                y = attended(q, k, v, mha.num_heads)
                return plus(deltas, f"{name}.self_attn.out_proj", y @ mha.out_proj.weight.T + mha.out_proj.bias)

            def dense(z, name=name, block=block):
                z = plus(deltas, f"{name}.linear1", block.linear1(z))
                z = F.gelu(z) if name == "a" else torch.relu(z)
                return plus(deltas, f"{name}.linear2", block.linear2(z))

            if block.norm_first:
                h = h + attention(block.norm1(h))
                h = h + dense(block.norm2(h))
            else:
                h = block.norm1(h + attention(h))
                h = block.norm2(h + dense(h))
        return plus(deltas, "head", self.head(h[:, 0]))


class LanguageModel(nn.Module):
    """Token and position embeddings, causal attention with q, k and v fused, a readout tied to the embedding."""

    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(9, 8), nn.Embedding(4, 8)
        self.norm, self.c_attn, self.c_proj = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down, self.last = nn.Linear(8, 10), nn.Linear(10, 8), nn.LayerNorm(8)

    layers: ClassVar = {
        "wte": (1, 4, 8), "wpe": (1, 4, 8), "c_attn": (1, 4, 24), "c_proj": (1, 4, 8), "up": (1, 4, 10),
        "down": (1, 4, 8), "wte.T": (1, 4, 9),
    }  # fmt: skip

    def forward(self, tokens):
        places = torch.arange(4).expand_as(tokens)
        h = self.wte(tokens) + self.wpe(places)
        q, k, v = (z.unflatten(-1, (2, 4)).transpose(1, 2) for z in self.c_attn(self.norm(h)).split(8, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + self.c_proj(y.transpose(1, 2).flatten(2))
        h = h + self.down(F.gelu(self.up(h)))
        return self.last(h) @ self.wte.weight.T

    def written_out(self, tokens, deltas):
        h = plus(deltas, "wte", self.wte(tokens[None])) + plus(deltas, "wpe", self.wpe(torch.arange(4)[None]))
        q, k, v = plus(deltas, "c_attn", self.c_attn(self.norm(h))).split(8, dim=-1)
        mask = torch.ones(4, 4, dtype=torch.bool).triu(1)
        h = h + plus(deltas, "c_proj", self.c_proj(attended(q, k, v, 2, mask)))
        h = h + plus(deltas, "down", self.down(F.gelu(plus(deltas, "up", self.up(h)))))
        return plus(deltas, "wte.T", self.last(h) @ self.wte.weight.T)


INPUTS = {Vgg: (4, 1, 8, 8), Resnet: (4, 1, 6, 6), VisionTransformer: (3, 1, 6, 6), LanguageModel: (3, 4)}


def example(kind, steps):
    """Return a model before and after some steps of training, in evaluation mode, with samples."""
    torch.manual_seed(3)
    model, shape = kind(), INPUTS[kind]
    x = torch.randint(0, 9, shape) if kind is LanguageModel else torch.randn(shape)
    model.train()
    with torch.no_grad():
        model(x)  # statistics of batch normalization
    start = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) - 1).square().mean().backward()
        optimizer.step()
    return start.eval(), model.eval(), x


@pytest.mark.parametrize("steps", [0, 1, 30])
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # of the reference
def test_every_layer_of_a_whole_model(kind, steps):
    start, model, x = example(kind, steps)
    with torch.no_grad():  # the reference computes the same function
        assert torch.allclose(torch.cat([model.written_out(one, {}) for one in x]), model(x), rtol=1e-12, atol=1e-12)
    K = ptf_covariances(model, x)
    measured, rooted = (measure(model, x, start, combinations="all", power=power) for power in (1, 0.5))
    assert set(K) == set(model.layers) == set(measured.layer.values.tolist())
    for name, shape in model.layers.items():
        expected = covariance(model.written_out, x, name, shape, 1 if len(shape) == 4 else -1)
        assert relative(K[name], expected) < 1e-10, name
        assert relative(K[name], 1.001 * expected) > 1e-4
        W, W0 = (matrix(net, name).detach() for net in (model, start))
        W0 = W0 if steps else 0 * W0  # nothing has moved: no C-NFA
        for found, power, tolerance in ((measured, 1.0, 1e-9), (rooted, 0.5, 1e-6)):
            uc, c = alignments(W, W0, expected, power=power)
            row = found.sel(layer=name)
            assert abs(float(row.uc_nfa) - uc) < tolerance, name
            if steps:
                assert abs(float(row.c_nfa) - c) < tolerance, name
            else:
                assert np.isnan(float(row.c_nfa)), name


def relative(K, expected):
    """Largest difference of entries, over the largest entry."""
    return float((K - expected).abs().max() / expected.abs().max())


def matrix(model, name):
    """The matrix W of a layer, found by its name as a reader of the module would."""
    owner, _, part = name.rpartition(".")
    if part in ("q", "k", "v"):
        return model.get_submodule(owner).in_proj_weight.chunk(3)["qkv".index(part)]
    if name == "wte.T":
        return model.wte.weight
    module = model.get_submodule(name)
    return module.weight.T if isinstance(module, nn.Embedding) else module.weight.flatten(1)


@pytest.mark.parametrize("kind", INPUTS)
def test_single_precision(kind):
    """In float32 the alignments of trained models differ from those in float64 by at most 1e-3."""
    start, model, x = example(kind, 30)
    exact = measure(model, x, start, combinations="all")
    single = measure(model.float(), x if kind is LanguageModel else x.float(), start.float(), combinations="all")
    for name in ("uc_nfa", "c_nfa"):
        assert np.abs(single[name] - exact[name]).max() < 1e-3
        assert np.abs(single[name] - exact[name]).max() > 0
