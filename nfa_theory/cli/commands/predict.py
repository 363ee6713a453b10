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
        str, typer.Option("--initial-function", help="zero, or average over random initial functions.")
    ] = "zero",
    samples: Samples = None,
    json_: Json = False,
) -> None:
    """Predict the early C-NFA of every hidden layer of an infinitely wide network, without training any.

    Example: nfa predict fashion_mnist_subset --hidden 1024,1024 --samples 500
    """
    from nfa_theory.predict import predict_alignment

    loaded = read_data(data, samples)
    net = read_network(loaded, hidden, activation, parametrization)
    limit = predict_alignment(loaded.X, loaded.Y, net, initial_function=initial_function).limit
    layers = [{"layer": i, "c_nfa": float(value)} for i, value in enumerate(limit, start=1)]
    if json_:
        about = {"data": loaded.name, "samples": len(loaded.X), "net": net.config()}
        typer.echo(json.dumps({**about, "initial_function": initial_function, "layers": layers}, indent=2))
        return
    typer.echo(f"Early C-NFA predicted for infinite width from {len(loaded.X)} samples of {loaded.name}")
    for layer in layers:
        typer.echo(f"layer {layer['layer']}   {layer['c_nfa']:.4f}")
