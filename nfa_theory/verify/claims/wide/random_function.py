"""The random function: with hidden neurons at rest and every readout, the outputs are Gaussian at any width."""

from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import PARTS, evaluate
from numerics import MLP

WIDTH = 2
FULL = 5
"""Neurons, samples and outputs where both matrices have full rank, at a size at which no identity of traces holds."""


def _residuals(
    rng: np.random.Generator, samples: int, outputs: int, degree: int, width: int = WIDTH
) -> tuple[dict[str, Any], Any, Any]:
    """Take every readout at once, as the outputs of one network."""
    nodes, weights = gaussian_nodes(width * outputs, degree)
    net = MLP((3, width, outputs * len(nodes)), activation="erf")
    X, Y = rng.standard_normal((samples, 3)), rng.standard_normal((samples, outputs))
    activity = net.forward(X, net.parameters([rng.standard_normal((width, 3)), nodes.reshape(-1, width)], X))
    f = activity.outputs.reshape(samples, len(nodes), outputs).swapaxes(0, 1)
    z = activity.inputs[1]
    return {"Y": Y, "Sigma": z @ z.T / width, "n": samples, "c": outputs}, Y - f, weights


def _mean_product(trial: Trial, samples: int, outputs: int, width: int) -> Judge:
    values, R, weights = _residuals(trial.rng, samples, outputs, 2, width)
    return identity(trial, {"mean": np.einsum("t,tmi,tni->mn", weights, R, R)}, values, "exact average")


def _traces(trial: Trial, samples: int, columns: int, outputs: int) -> Judge:
    """Average ``(u^T P v)(v^T Q u)`` for each pair of columns of the inputs, and ``tr(P S Q S)`` from the matrices."""
    rng = trial.rng
    values, R, weights = _residuals(rng, samples, outputs, degree=4)
    root, Z = rng.standard_normal((samples, samples)), rng.standard_normal((samples, columns))
    kernel = root @ root.T
    products, S = R @ np.swapaxes(R, 1, 2), Z @ Z.T
    P, Q = kernel * products, (kernel @ kernel) * products
    between, measured = {}, {}
    for part, (left, right) in dict(zip(PARTS, ((P, Q), (P, P), (Q, Q)), strict=True)).items():
        one, other = Z.T @ left @ Z, Z.T @ right @ Z
        between[part] = np.einsum("t,tuv,tvu->uv", weights, one, other)
        measured[f"sum of {part}"] = weights @ np.trace(left @ S @ right @ S, axis1=1, axis2=2)
    measured |= {f"term {part}": each for part, each in between.items()}
    measured["term"] = between["numerator"] / np.sqrt(between["first"] * between["second"])

    def predict(form: ClosedForm) -> ClosedForm:
        given = {**values, "kappa0": kernel}
        names = ["term", *(f"term {part}" for part in PARTS)]
        found = [evaluate(form, {**given, "u": u[:, None], "v": v[:, None]}) for u in Z.T for v in Z.T]
        arrays = {name: np.reshape([each[name] for each in found], (columns, columns)) for name in names}
        return arrays | {f"sum of {part}": np.sum(arrays[f"term {part}"]) for part in PARTS}

    sums = {part: measured[f"sum of {part}"] for part in PARTS}
    sums["ratio_of_averages"] = sums["numerator"] / np.sqrt(sums["first"] * sums["second"])
    given = {"kappa0": kernel, "S": S, "Sigma": values["Sigma"], "Y": values["Y"]}
    evaluated = by_function("wide.random_function_traces", lambda function: function(**given))
    judge = identity(trial, measured, predict, "exact average")
    return both(judge, identity(trial, named(sums), evaluated, "exact average"))


CHECKS = (
    *(
        Check(
            "wide.random_function_products",
            f"every readout, {samples} samples, {outputs} outputs",
            "exact average",
            partial(_mean_product, samples=samples, outputs=outputs, width=width),
        )
        for samples, outputs, width in ((3, 1, WIDTH), (2, 3, WIDTH), (FULL, FULL, FULL))
    ),
    *(
        Check(
            "wide.random_function_traces",
            f"every readout, {samples} samples, {columns} inputs, {outputs} outputs",
            "exact average",
            partial(_traces, samples=samples, columns=columns, outputs=outputs),
        )
        for samples, columns, outputs in ((3, 2, 1), (4, 3, 2), (4, 2, 4))
    ),
)
