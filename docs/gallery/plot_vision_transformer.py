"""
A vision transformer by head
============================

UC-NFA of the query, key and value projections of a small vision transformer, head by head, before and after training.
The numbers are a record that ``python scripts/vision_transformer_record.py`` makes with
``nfa_theory.torch.measure(model, images).uc_nfa_by_head``, so that this page can be built without PyTorch.
"""

import json
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from nfa_theory.figures import paper_style

folder = Path(__file__).parent if "__file__" in globals() else Path()
record = json.loads((folder / "vision_transformer.json").read_text(encoding="utf-8"))

with paper_style():
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True)
    for ax, (title, heads) in zip(axes, record.items(), strict=True):
        for i, (part, name) in enumerate({"q": "query", "k": "key", "v": "value"}.items()):
            values = [heads[f"encoder.layers.{layer}.self_attn.{part}"] for layer in (0, 1)]
            ax.plot(np.arange(8) + 0.15 * (i - 1), np.concatenate(values), "os^"[i], label=name)
        ax.set_xticks(range(8), [f"{layer}.{head}" for layer in (1, 2) for head in (1, 2, 3, 4)])
        ax.set_xlabel("layer.head")
        ax.set_title(title)
    axes[0].set_ylabel("UC-NFA (cosine)")
    axes[0].legend()
    plt.show()
