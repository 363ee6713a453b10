"""What `nfa predict` prints of the layers and of the top directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.data.notes import note
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.predict import AlignmentPrediction, TopDirections


def layers_as_table(prediction: AlignmentPrediction, *, finite: bool) -> list[dict[str, Any]]:
    """List what is known of every layer."""
    columns: dict[str, Any] = {"layer": prediction.layers}
    columns |= {"c_nfa": prediction.limit, "standard_error": prediction.limit_error}
    if prediction.dimensions is not None:
        columns |= dict(zip(("nfm_dimension", "agop_dimension"), prediction.dimensions.T, strict=True))
    if finite:
        columns |= _moments(prediction)
    lists = [[None if value != value else value for value in np.asarray(each).tolist()] for each in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _moments(prediction: AlignmentPrediction) -> dict[str, Any]:
    """Return what is known of finite widths: nothing, with a note, where only the limit is."""
    try:
        return {name: getattr(prediction, name) for name in ("mean", "mean_error", "std", "std_error")}
    except InputError as reason:
        if prediction.limit_refused is not None:
            raise
        note(f"only the limit of infinite width is known; at finite widths {reason}")
        return {}


def layers_as_text(prediction: AlignmentPrediction, table: list[dict[str, Any]]) -> str:
    """Put mean, spread and dimensions beside the limits."""
    head, *lines = repr(prediction).splitlines()
    width = max(map(len, lines))
    at = ",".join(map(str, prediction.config["widths"][1:-1]))
    rows = []
    for line, row in zip(lines, table, strict=True):
        text = f"{line:{width}}"
        if "mean" in row:
            text += f"   at widths {at}: mean {row['mean']:.4f} +- {row['mean_error']:.4f}, "
            text += f"spread {row['std']:.4f} +- {row['std_error']:.4f}"
        if "nfm_dimension" in row:
            text += f"   dimensions {row['nfm_dimension']:.1f}, {row['agop_dimension']:.1f}"
        rows.append(text.rstrip())
    return "\n".join((head, *rows))


def directions_as_text(top: TopDirections) -> str:
    """Say how much the top directions carry, and how far the two spaces agree unless they are everything."""
    count, inputs = top.nfm.shape
    overlap = f", overlap of the two spaces {top.overlap:.3f}" if count < inputs else ""
    nfm, agop = (" ".join(f"{abs(share):.1%}" for share in each) for each in (top.nfm_share, top.agop_share))
    return (
        f"top {count} directions of layer 1 in input space: shares of the trace{overlap}\n"
        f"  centered NFM   {nfm}\n"
        f"  centered AGOP  {agop}"
    )


def directions_as_json(top: TopDirections) -> dict[str, Any]:
    """List the top directions for programs."""
    return {
        "layer": 1,
        "nfm": {"shares": top.nfm_share.tolist(), "vectors": top.nfm.tolist()},
        "agop": {"shares": top.agop_share.tolist(), "vectors": top.agop.tolist()},
        "overlap": top.overlap,
    }
