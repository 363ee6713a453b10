"""`nfa predict`: the early alignment of every layer, from data and an architecture."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nfa_theory.cli.options import ActivationName, Data, Hidden, Json, Parametrization, Samples, read_data, read_network


def predict(
    data: Data,
    hidden: Hidden = "256,256",
    activation: ActivationName = "relu",
    parametrization: Parametrization = "ntk",
    initial_function: Annotated[
        str | None,
        typer.Option(
            "--initial-function", help="zero, or average over random initial functions. (default: the network's)"
        ),
    ] = None,
    samples: Samples = None,
    json_: Json = False,
) -> None:
    """Predict the early C-NFA of every hidden layer of an infinitely wide network, without training any.

    Example: nfa predict fashion_mnist_subset --hidden 1024,1024 --samples 500
    """
    from nfa_theory.predict import predict_alignment

    loaded = read_data(data, samples)
    net = read_network(loaded, hidden, activation, parametrization)
    prediction = predict_alignment(loaded.X, loaded.Y, net, initial_function=initial_function)
    if json_:
        layers = [
            {"layer": layer, "c_nfa": float(limit), "standard_error": float(error)}
            for layer, limit, error in zip(prediction.layers, prediction.limit, prediction.limit_error, strict=True)
        ]
        typer.echo(json.dumps({"data": loaded.name, "config": prediction.config, "layers": layers}, indent=2))
        return
    typer.echo(f"{loaded.name}: {prediction!r}")
