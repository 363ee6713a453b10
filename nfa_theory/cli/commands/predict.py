"""`nfa predict`: the early alignment of every layer, from data and an architecture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfa_theory.cli.course import (
    NamedStatistics,
    course_as_json,
    course_as_text,
    network_for,
    predict_at_start,
    predict_in_time,
    read_statistics,
    read_times,
)
from nfa_theory.cli.data_options import Chosen, choose_data
from nfa_theory.cli.directions import (
    directions_as_json,
    directions_as_text,
    layers_as_table,
    layers_as_text,
)
from nfa_theory.cli.numbers import integer
from nfa_theory.cli.options import (
    ActivationName,
    Bias,
    CenterLabels,
    Classes,
    Data,
    Force,
    Hidden,
    Initialization,
    Json,
    Labels,
    Networks,
    Parametrization,
    Quiet,
    Samples,
    Seed,
    Standardize,
    XKey,
    YKey,
)
from nfa_theory.cli.progress_bar import progress_bar
from nfa_theory.files import check_target
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.predict import AlignmentPrediction, CoursePrediction, TopDirections

FORMATS = {".pdf": "pdf", ".png": "png", ".svg": "svg"}


def predict(
    data: Data,
    labels: Labels = None,
    x_key: XKey = None,
    y_key: YKey = None,
    classes: Classes = None,
    standardize: Standardize = None,
    center_labels: CenterLabels = None,
    hidden: Hidden = "256,256",
    activation: ActivationName = "relu",
    parametrization: Parametrization = "ntk",
    initialization: Initialization = None,
    bias: Bias = False,
    initial_function: Annotated[
        str | None,
        typer.Option(
            "--initial-function",
            metavar="NAME",
            help="zero, or average over random functions. (default: the network's)",
        ),
    ] = None,
    loss: Annotated[str, typer.Option("--loss", metavar="NAME", help="mse, or cross_entropy (softmax).")] = "mse",
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size", parser=integer, metavar="N", help="Samples in the first step. (default: all of them)"
        ),
    ] = None,
    optimizer: Annotated[
        str,
        typer.Option("--optimizer", metavar="NAME", help="Whose first step: descent, sign (also Adam's) or muon."),
    ] = "descent",
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="exact, subsets, or auto: exact to n = 10000.")
    ] = ("auto"),
    networks: Networks = None,
    times: Annotated[
        str | None,
        typer.Option(
            "--times", metavar="T1,T2,...", help="Predict UC-NFA and C-NFA at these times: learning rate times steps."
        ),
    ] = None,
    regime: Annotated[
        str,
        typer.Option(
            "--regime", metavar="NAME", help="With --times: early, or mup (feature learning through all of training)."
        ),
    ] = "early",
    statistics: Annotated[
        bool,
        typer.Option(
            "--statistics", metavar="", help="DATA is a .npz file of covariances, for a linear or quadratic network."
        ),
    ] = False,
    directions: Annotated[
        int,
        typer.Option(
            "--directions", parser=integer, metavar="N", help="Top directions of layer 1 in input space; 0: none."
        ),
    ] = 5,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE", help="Draw it to this .pdf, .png or .svg file."),
    ] = None,
    force: Force = False,
    samples: Samples = None,
    seed: Seed = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict the early C-NFA of every hidden layer, without training any.

    The limit of infinite width, and mean and spread over random initializations at the given widths. With --times,
    how UC-NFA and C-NFA go on from there, and how long the prediction can be trusted.
    """
    networks = networks if networks is not None or times is not None else 32
    if figure is not None and (figure.suffix not in FORMATS or networks == 0):
        raise InputError(f"--figure needs a .pdf, .png or .svg file and --networks from 4, got {figure} and {networks}")
    if statistics and (loss, batch_size, method, optimizer) != ("mse", None, "auto", "descent"):
        raise InputError(
            "--statistics goes with squared error and descent on all data, "
            f"got --loss {loss}, --batch-size {batch_size}, --method {method}, --optimizer {optimizer}"
        )
    if times is not None and (batch_size, method, optimizer) != (None, "auto", "descent"):
        raise InputError(
            "--times takes no --batch-size, --method or --optimizer: small steps on batches follow the flow on all "
            f"samples, got --batch-size {batch_size}, --method {method}, --optimizer {optimizer}"
        )
    if regime != "early" and (times is None or statistics):
        raise InputError(
            f"--regime {regime} needs --times and samples, got {'--statistics' if statistics else 'no times'}"
        )
    if directions < 0 or (statistics and labels is not None):
        wrong = f"--directions must be 0 or more, got {directions}"
        raise InputError(wrong if directions < 0 else f"--statistics has its labels in DATA, got --labels {labels}")
    if figure is not None:
        check_target(figure, replace=force, inputs=[data, *([] if labels is None else [labels])])
    known: Chosen | NamedStatistics
    if statistics:
        known = read_statistics(data, samples)
    else:
        known = choose_data(
            data,
            labels=labels,
            x_key=x_key,
            y_key=y_key,
            samples=samples,
            loss=loss,
            classes=classes,
            standardize=standardize,
            center_labels=center_labels,
        )
    name = known.data.name if isinstance(known, Chosen) else known.name
    net = network_for(
        known,
        hidden,
        activation=activation,
        parametrization=parametrization,
        initialization=initialization,
        bias=bias,
    )
    options: dict[str, Any] = {"initial_function": initial_function, "seed": seed}
    with progress_bar(quiet) as update:
        options["progress"] = lambda done, total: update(done / total, "predicting")
        if times is not None:
            options |= {} if statistics else {"loss": loss, "regime": regime}
            drawn = 4 if networks == 0 else networks
            course = predict_in_time(known, net, read_times(times), networks=drawn, **options)
            finite = networks != 0
            if not finite and course.limit is None:
                raise InputError("--networks 0 asks for the limit alone, of which there is no course here, got --times")
            _show(name, course_as_json(course, finite=finite) if json_ else course_as_text(course, finite=finite))
            if figure is not None:
                _draw(course, figure)
            return
        assert networks is not None
        more = {} if statistics else {"loss": loss, "batch_size": batch_size, "method": method, "optimizer": optimizer}
        prediction = predict_at_start(known, net, networks=networks or 4, **options, **more)
        if networks == 0 and prediction.limit_refused is not None:
            raise InputError(prediction.limit_refused)
        table = layers_as_table(prediction, finite=networks > 0)
        unknown = directions == 0 or prediction.find_directions is None or prediction.limit_refused is not None
        top = None if unknown else prediction.directions(min(directions, net.widths[0]))
    if figure is not None:
        _draw(prediction, figure, top, known.data.image_shape if isinstance(known, Chosen) else None)
    if json_:
        found = {"config": prediction.config, "layers": table}
        _show(name, found if top is None else {**found, "directions": directions_as_json(top)})
    else:
        text = layers_as_text(prediction, table)
        _show(name, text if top is None else f"{text}\n{directions_as_text(top)}")


def _show(name: str, content: str | dict[str, Any]) -> None:
    typer.echo(f"{name}: {content}" if isinstance(content, str) else json.dumps({"data": name, **content}, indent=2))


def _draw(
    prediction: AlignmentPrediction | CoursePrediction,
    path: Path,
    top: TopDirections | None = None,
    image_shape: tuple[int, ...] | None = None,
) -> None:
    from nfa_theory.figures.export import render
    from nfa_theory.figures.predicted_course import course_by_layer
    from nfa_theory.figures.predicted_layers import prediction_by_layer
    from nfa_theory.files import write_atomically
    from nfa_theory.predict.course.result import CoursePrediction

    if isinstance(prediction, CoursePrediction):
        drawn = course_by_layer(prediction)
    else:
        drawn = prediction_by_layer(prediction, top, image_shape)
    write_atomically(path, render(drawn, FORMATS[path.suffix]))  # type: ignore[arg-type]
