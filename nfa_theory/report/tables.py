"""The tables of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nfa_theory.report.claims import badge
from nfa_theory.report.markup import Markup, table, tag

Results = Mapping[str, Any]


def layer_table(results: Results) -> Markup:
    """Tabulate the early alignment of each layer, and the verdict on its prediction with its strength."""
    rows = [
        [
            f"Layer {layer['layer']}",
            badge(layer["verdict"]),
            f"{layer['predicted']:.4f}",
            f"{layer['extrapolated']:.4f} ± {layer['standard_error']:.4f}",
            f"{layer['detectable_relative_error']:.1%}",
        ]
        for layer in results["early_alignment"]["layers"]
    ]
    header = ["", "Verdict", "Theory", "Simulation", "Detects"]
    caption = (
        "Early C-NFA: theory (infinite width) against simulation (extrapolated, ± 1 standard error). Detects: the "
        "relative error of a prediction that would have been found with probability 0.95."
    )
    return table(caption, header, rows)


def alignment_table(results: Results) -> Markup:
    """Tabulate the alignments of every layer before and after training."""
    training = results["training"]
    rows = [
        [f"Layer {layer['layer']}", *(_spread(layer[name]) for name in ("uc_nfa_initial", "uc_nfa_final"))]
        + [_spread(layer[name]) for name in ("c_nfa_first", "c_nfa_final")]
        for layer in training["layers"]
    ]
    header = ["", "UC-NFA before", "UC-NFA after", f"C-NFA at step {training['first_step']}", "C-NFA after"]
    return table("Alignment before and after training, mean ± 1 standard deviation over seeds.", header, rows)


def convergence_table(results: Results) -> Markup:
    """Tabulate measured early C-NFA at the smallest and the largest width, and the comparison with the prediction."""
    early = results["early_alignment"]
    rows = [
        [
            f"Layer {layer['layer']}",
            *(f"{m['mean']:.3f} ± {m['standard_error']:.3f}" for m in (layer["measured"][0], layer["measured"][-1])),
            f"{layer['extrapolated']:.4f} ± {layer['standard_error']:.4f}",
            f"{layer['predicted']:.4f}",
            f"{layer['deviation']:+.1f} (limit {layer['threshold']:.1f})",
        ]
        for layer in early["layers"]
    ]
    widths = early["widths"]
    header = ["", f"Width {widths[0]}", f"Width {widths[-1]}", "Extrapolated", "Predicted", "Deviation"]
    caption = "Early C-NFA: mean ± 1 standard error over initializations; deviation in standard errors."
    return table(caption, header, rows)


def facts_table(results: Results) -> Markup:
    """Tabulate configuration, machine, versions, seeds and durations."""
    facts = {
        "Version": results["version"],
        "Seed of the court": results["court"]["seed"],
        "Profile of the court": results["court"]["profile"],
        **{_words(name): value for name, value in results["plan"].items()},
        **{_words(name): value for name, value in results["machine"].items()},
        **{f"Time for {_words(k).lower()}": f"{v:.1f} s" for k, v in results["durations_seconds"].items()},
    }
    rows = [[name, _text(value)] for name, value in facts.items()]
    content = table("Configuration, machine and durations.", ["What", "Value"], rows)
    return tag("div", content, class_="facts")


def _spread(summary: Mapping[str, Any]) -> str:
    spread = summary["standard_deviation"]
    return f"{summary['mean']:.3f}" + ("" if spread is None else f" ± {spread:.3f}")


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
