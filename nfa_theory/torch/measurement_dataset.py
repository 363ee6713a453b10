"""A measurement as a dataset, by layer and by head."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nfa_theory.torch.covariances import Covariances
from nfa_theory.torch.layers import Layer
from numerics.backend.version import package_version

SCHEMA = "nfa-theory measurement 1"
TERMS = ("initial", "cross", "centered")
MEANINGS = {
    "uc_nfa": "alignment of NFM and AGOP",
    "c_nfa": "alignment of centered NFM and centered AGOP; missing without initial weights and while nothing has moved",
    "relative_weight_change": "|W - W(0)| / |W|, Frobenius norms",
    "uc_nfa_standard_error": "standard error of uc_nfa from the choice of samples and of combinations of outputs",
    "c_nfa_standard_error": "standard error of c_nfa from the choice of samples and of combinations of outputs",
    "fact": "alignment of the NFM with what it is at a stationary point with weight decay (FACT)",
    "units": "rows k of W",
    "inputs": "columns m of W",
}


def measurement_dataset(
    layers: Sequence[Layer], rows: Sequence[Mapping[str, Any]], found: Covariances, kind: str, power: float
) -> xr.Dataset:
    """Put what was measured of layers, variables by name, side by side."""
    names = ["uc_nfa", "c_nfa", "relative_weight_change", "uc_nfa_standard_error", "c_nfa_standard_error"]
    names += ["fact"] * any("fact" in row for row in rows) + ["units", "inputs"]
    data: dict[str, Any] = {
        name: ("layer", np.asarray([row.get(name, math.nan) for row in rows]), {"long_name": MEANINGS[name]})
        for name in names
    }
    missing = np.full((3, 3), math.nan)
    shares = np.asarray([row.get("decomposition", missing) for row in rows])
    data["decomposition"] = (("layer", "nfm_term", "agop_term"), shares)
    heads = max(len(row["uc_nfa_by_head"]) for row in rows)
    if heads:
        for name in ("uc_nfa_by_head", "c_nfa_by_head"):
            table = np.full((len(rows), heads), math.nan)
            for at, row in enumerate(rows):
                values = row.get(name, [])
                table[at, : len(values)] = values
            data[name] = (("layer", "head"), table)
    attributes = {
        "schema": SCHEMA,
        "alignment": kind,
        "power": float(power),
        "samples": found.samples,
        "outputs": found.outputs,
        "combinations": found.combinations,
        "version": package_version(),
    }
    coordinates = {
        "layer": np.asarray([layer.name for layer in layers], dtype=np.str_),
        "nfm_term": list(TERMS),
        "agop_term": list(TERMS),
    }
    return xr.Dataset(data, coordinates, attributes)
