"""A made-up record and table: numbers that look like measurements and are known exactly."""

import json

import numpy as np
import pytest
import xarray as xr

STEPS = [0, 1, 10, 100, 1500]
TERMS = ["initial", "cross", "centered"]


def make_record(seeds=4, layers=3):
    rng = np.random.default_rng(7)
    by_layer = (seeds, len(STEPS), layers)
    decomposition = rng.uniform(0, 0.1, (*by_layer, 3, 3))
    c_nfa = rng.uniform(0.7, 0.9, by_layer)
    c_nfa[:, 0] = np.nan
    variables = {
        "uc_nfa": (("seed", "step", "layer"), decomposition.sum((-1, -2))),
        "c_nfa": (("seed", "step", "layer"), c_nfa),
        "relative_weight_change": (("seed", "step", "layer"), rng.uniform(0, 1, by_layer)),
        "decomposition": (("seed", "step", "layer", "nfm_term", "agop_term"), decomposition),
        **{
            name: (("seed", "step"), rng.uniform(0, 1, by_layer[:2]))
            for name in ("loss", "accuracy", "test_loss", "test_accuracy")
        },
    }
    coordinates = {
        "seed": np.arange(seeds),
        "step": STEPS,
        "epoch": ("step", np.asarray(STEPS) / 16),
        "layer": np.arange(1, layers + 1),
        "nfm_term": TERMS,
        "agop_term": TERMS,
    }
    attributes = {"config": json.dumps({"alignment": "cosine"}), "schema": "nfa-theory record 1"}
    return xr.Dataset(variables, coordinates, attributes)


def make_table(seeds=6, layers=3, widths=(64, 128, 256, 512)):
    rng = np.random.default_rng(8)
    predicted = np.linspace(0.8, 0.9, layers)
    k = np.asarray(widths)[:, None, None]
    measured = predicted + 6 / k + rng.normal(0, 0.2, (len(widths), seeds, layers)) / np.sqrt(k)
    return xr.Dataset(
        {
            "measured": (("width", "seed", "layer"), measured),
            "predicted": ("layer", predicted),
            "coefficient": (("layer", "power"), np.stack([predicted, np.full(layers, 6.0), np.zeros(layers)], 1)),
        },
        {"width": list(widths), "seed": np.arange(seeds), "layer": np.arange(1, layers + 1), "power": [0, 1, 2]},
    )


@pytest.fixture
def record():
    return make_record()


@pytest.fixture
def single_seed():
    return make_record(seeds=1)


@pytest.fixture
def table():
    return make_table()


@pytest.fixture(scope="session")
def unchanged_record():
    return make_record()


@pytest.fixture(scope="session")
def unchanged_table():
    return make_table()
