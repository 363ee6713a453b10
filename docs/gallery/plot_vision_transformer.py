"""
A vision transformer by head
============================

UC-NFA of the query, key and value projections of a small vision transformer, head by head, before and after training.
"""

import numpy as np
import torch
from matplotlib import pyplot as plt
from torch import nn

import nfa_theory as nfa
from nfa_theory.figures import paper_style
from nfa_theory.torch import measure


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 32, 7, stride=7)
        self.position = nn.Parameter(0.1 * torch.randn(16, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.position
        return self.head(self.encoder(tokens).mean(1))


torch.manual_seed(0)
data = nfa.load_dataset("fashion_mnist_subset", train=200)
x = torch.as_tensor(data.X, dtype=torch.float32).reshape(-1, 1, 28, 28)
y = torch.as_tensor(data.Y, dtype=torch.float32)
model = VisionTransformer()
before = measure(model, x[:64])
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for _ in range(40):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
after = measure(model, x[:64])

with paper_style():
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True)
    for ax, measured, title in zip(axes, (before, after), ("before training", "after 40 steps"), strict=True):
        for i, part in enumerate("qkv"):
            values = [measured.uc_nfa_by_head.sel(layer=f"encoder.layers.{at}.self_attn.{part}") for at in (0, 1)]
            heads = np.concatenate(values)
            ax.plot(
                np.arange(8) + 0.15 * (i - 1), heads, "os^"[i], label={"q": "query", "k": "key", "v": "value"}[part]
            )
        ax.set_xticks(range(8), [f"{layer}.{head}" for layer in (1, 2) for head in (1, 2, 3, 4)])
        ax.set_xlabel("layer.head")
        ax.set_title(title)
    axes[0].set_ylabel("UC-NFA (cosine)")
    axes[0].legend()
    plt.show()
