"""The sections of the report, each written from results and figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nfa_theory.figures.export import NamedFigure
from nfa_theory.report import mathml
from nfa_theory.report.claims import command
from nfa_theory.report.markup import Markup, join, tag
from nfa_theory.report.pictures import picture
from nfa_theory.report.tables import alignment_table, convergence_table, facts_table, layer_table

TITLE = "How neural networks learn features: derived, simulated, judged"
_PAPER = (
    "D. Beaglehole, I. Mitliagkas, A. Agarwala: Feature learning as alignment: a structural property of gradient "
    "descent in non-linear neural networks. Transactions on Machine Learning Research, 2024. "
)
_ANSATZ = (
    "A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin: Mechanism for feature learning in neural networks and "
    "backpropagation-free machine learning models. Science, 2024."
)
Results = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A section with the name that links lead to."""

    name: str
    title: str
    body: Markup


def network_sections(results: Results, figures: Mapping[str, NamedFigure]) -> list[Section]:
    """Write what trained networks on real data show, in the order of the page."""
    if "training" not in results:
        return []
    known = ("alignment", "prediction", "decomposition")
    more = [Section(name, figure.title, picture(figure)) for name, figure in figures.items() if name not in known]
    return [
        Section("question", "What is measured", _question()),
        Section("layers", "Early alignment of each layer", layer_table(results)),
        Section("alignment", figures["alignment"].title, _alignment(results, figures["alignment"])),
        Section("prediction", figures["prediction"].title, _prediction(results, figures["prediction"])),
        Section("decomposition", figures["decomposition"].title, picture(figures["decomposition"])),
        *more,
    ]


def closing_sections(results: Results) -> list[Section]:
    """Write how the page was made, and from what."""
    return [
        Section("method", "How this was made", _method(results)),
        Section("sources", "Sources", _sources(results)),
    ]


def footer(results: Results) -> Markup:
    """Sign the page."""
    return tag("p", f"Made by nfa-theory {results['version']}. This file needs no network and runs no script.")


def _question() -> Markup:
    return join(
        tag(
            "p",
            *_with_symbols(
                "For a layer with weights {W}, let {J} be the derivative of the network's outputs with respect to the "
                "layer's input at one of {n} samples. The neural feature matrix (NFM) {F} says which input directions "
                "the weights amplify; the average gradient outer product (AGOP) {G} says which ones the function "
                "depends on.",
            ),
        ),
        mathml.feature_matrices(),
        tag(
            "p",
            "The neural feature ansatz says that training aligns the two. The alignment of two matrices is their "
            "cosine, 1 if one is a positive multiple of the other:",
        ),
        mathml.cosine_definition(),
        tag("p", tag("b", "UC-NFA"), *_with_symbols(_UNCENTERED), tag("b", "C-NFA"), *_with_symbols(_CENTERED)),
    )


_UNCENTERED = " is the alignment of {F} and {G}. "
_CENTERED = (
    " is the same for the change {dW} of the weights since initialization, with {dW} in place of {W}: it looks at what "
    "training did, and is blind to what the random initial weights happened to be."
)


def _alignment(results: Results, figure: NamedFigure) -> Markup:
    training = results["training"]
    test = training["test_accuracy"]
    text = (
        f"{training['network']}, trained for {training['steps']:,} steps from {len(training['seeds'])} random "
        f"initializations: training accuracy {_percent(training['accuracy'])}, test accuracy {_percent(test)} "
        "(mean ± 1 standard deviation over seeds)."
    )
    return join(tag("p", text), picture(figure), alignment_table(results))


def _prediction(results: Results, figure: NamedFigure) -> Markup:
    return join(
        tag(
            "p",
            *_with_symbols(_EARLY),
        ),
        mathml.early_prediction(),
        mathml.prediction_kernels(),
        tag("p", *_with_symbols(_CRITERION)),
        mathml.expansion(),
        picture(figure),
        convergence_table(results),
        tag("p", results["early_alignment"]["criterion"]),
    )


_EARLY = (
    "Just after initialization, gradient descent moves the weights of a layer along known directions, and in an "
    "infinitely wide network everything random averages out. What remains depends on the data alone: {S}, the "
    "covariance kernel of the layer's inputs; {κ}, the layer's tangent kernel; and the labels {R}, because the network "
    "starts from the zero function."
)
_CRITERION = (
    "Here {κ}² is the matrix square and ∘ the product element by element. At a finite width {k} the mean over "
    "initializations differs from this by an expansion in 1/{k}, so the measurement is extrapolated by a "
    "least-squares fit of"
)


def _method(results: Results) -> Markup:
    return join(
        tag("p", "This command gives the same numbers on a machine of the same make:"),
        command(results["command"], "Command that makes this report"),
        facts_table(results),
    )


def _sources(results: Results) -> Markup:
    link = tag("a", "arXiv:2402.05271", href="https://arxiv.org/abs/2402.05271")
    sources = [tag("li", _PAPER, link), tag("li", _ANSATZ)]
    if "data" in results:
        data = results["data"]
        sources.append(tag("li", f"Images: {data['name']}. {data['source']}. License: {data['license']}."))
    return tag("ul", *sources)


def _with_symbols(text: str) -> list[str]:
    """Set the names in braces as symbols."""
    pieces = re.split(r"\{(\w+)\}", text)
    return [tag("var", piece) if i % 2 else piece for i, piece in enumerate(pieces)]


def _percent(summary: Mapping[str, Any]) -> str:
    spread = summary["standard_deviation"]
    return f"{summary['mean']:.1%}" + ("" if spread is None else f" ± {spread:.1%}")
