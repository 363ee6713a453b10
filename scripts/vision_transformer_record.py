"""Train a small vision transformer and write UC-NFA by head, which the gallery draws where PyTorch is not installed.

    python scripts/vision_transformer_record.py

writes docs/gallery/vision_transformer.json; on other processors the last digits differ.
"""

import json
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import nfa_theory as nfa
from nfa_theory.torch import measure

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"


class VisionTransformer(nn.Module):
    """Patches of 7 x 7 pixels, two encoder layers of four heads, a readout of the mean token."""

    def __init__(self) -> None:
        """Make the parts."""
        super().__init__()
        self.patches = nn.Conv2d(1, 32, 7, stride=7)
        self.position = nn.Parameter(0.1 * torch.randn(16, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output for each class."""
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.position
        return self.head(self.encoder(tokens).mean(1))


def by_head(model: nn.Module, x: Tensor) -> dict[str, list[float]]:
    """Measure UC-NFA of every projection of attention by head."""
    measured = measure(model, x).uc_nfa_by_head
    names = [name for name in measured.layer.values.tolist() if name.endswith((".q", ".k", ".v"))]
    return {name: [round(float(value), 4) for value in measured.sel(layer=name)] for name in names}


def main(folder: str | Path = GALLERY) -> None:
    """Train for 40 steps and write the record."""
    torch.manual_seed(0)
    data = nfa.load_dataset("fashion_mnist_subset", train=200)
    x = torch.as_tensor(data.X, dtype=torch.float32).reshape(-1, 1, 28, 28)
    y = torch.as_tensor(data.Y, dtype=torch.float32)
    model = VisionTransformer()
    record = {"before training": by_head(model, x[:64])}
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    record["after 40 steps"] = by_head(model, x[:64])
    Path(folder, "vision_transformer.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
