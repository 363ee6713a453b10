"""Steps of a quadratic network on all pairs of samples, in more and more dimensions: the closed equations are left."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.networks.backpropagation import tangent_features

ACTIVE, STUDENTS, TEACHERS = 4, 5, 2
SIZES = (64, 128, 256)
STEPS = ((1, 0.2713409), (2, 0.3451739))
"""Batch sizes, and a step for each: of many digits, where no polynomial vanishes, and so large that scatter leads."""
SLOW = 0.3918274


class Committee:
    """Students and a teacher with rows in a few directions, as long in any dimension that fields stay the same.

    Inputs are Gaussian there, at every node of a quadrature; along all others they have one length and two signs, which
    is all that a step sees of them.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        nodes, chances = gaussian_nodes(ACTIVE, degree=8)
        # Of these directions a step sees more than of all others: they are small, so that few dimensions are many.
        self.root, weight = (np.eye(ACTIVE) / 2 + 0.15 * rng.standard_normal((ACTIVE, ACTIVE)) for _ in range(2))
        self.nodes = np.concatenate([nodes @ self.root.T] * 2)
        self.signs, self.chances = np.repeat([1.0, -1.0], len(nodes)), np.concatenate([chances, chances]) / 2
        self.rows = rng.standard_normal((STUDENTS + TEACHERS, ACTIVE))
        self.still = rng.standard_normal((STUDENTS + TEACHERS, ACTIVE))
        self.weight = weight @ weight.T
        self.a, self.v = rng.uniform(2, 4, STUDENTS), rng.uniform(2, 4, TEACHERS)  # so large that products are seen
        self.variance, self.further = rng.uniform(0.5, 1.5, 2)  # of inputs, and of M, along all other directions

    def in_dimension(self, d: int) -> dict[str, Any]:
        """Run the networks on all inputs of a dimension."""
        others = d - ACTIVE
        X = np.concatenate([self.nodes, self.signs[:, None] * np.full(others, self.variance**0.5)], axis=1)
        rows, still = (np.pad(each * (d / ACTIVE) ** 0.5, ((0, 0), (0, others))) for each in (self.rows, self.still))
        net, teacher = (MLP((d, k, 1), "quadratic", parametrization="ntk") for k in (STUDENTS, TEACHERS))
        start = net.parameters([rows[:STUDENTS], self.a[None]], X)
        activity = net.forward(X, start)
        labels = teacher.forward(X, teacher.parameters([rows[STUDENTS:], self.v[None]], X)).outputs
        miss = (labels - activity.outputs)[:, 0]
        return {
            "Z": X / d**0.5,
            "g": miss[:, None] * dict(tangent_features(net, start, activity))[1][:, 0],
            "pull": miss[:, None] * activity.inputs[1] / STUDENTS**0.5,
            "R": rows,
            "U": still,
            "M": _with_rest(self.weight, self.further, others),
            "Sigma": _with_rest(self.root @ self.root.T, self.variance, others),
        }

    def mean(self, values: Any) -> Any:
        """Average over inputs."""
        return np.tensordot(self.chances, values, 1)

    def change(self, at: dict[str, Any], b: int, rate: float) -> dict[str, Any]:
        """Average over every ordered batch what a step changes, over the time that it takes."""
        # No weight tells the other directions apart, nor does M: they are looked at along the one that inputs have.
        others = at["Z"].shape[1] - ACTIVE
        basis = np.pad(np.eye(ACTIVE), ((0, others), (0, 1)))
        basis[ACTIVE:, ACTIVE] = others**-0.5
        W, Z, U, M = at["R"][:STUDENTS] @ basis, at["Z"] @ basis, at["U"] @ basis, basis.T @ at["M"] @ basis
        steps = rate / b * at["g"][:, :, None] * Z[:, None, :]
        if b == 1:
            after = np.einsum("n,nki,ij,nlj->kl", self.chances, W + steps, M, W + steps, optimize=True)
        else:
            after = np.zeros((STUDENTS, STUDENTS))
            for chance, first in zip(self.chances, steps, strict=True):
                moved = W + first + steps
                after += chance * np.einsum("n,nki,ij,nlj->kl", self.chances, moved, M, moved, optimize=True)
        step, change = self.mean(b * steps), after - W @ M @ W.T
        return {
            "overlaps": change,
            "overlaps by the flow's time": change / rate,
            "overlaps with U": step @ M @ U.T,
            "readout": SLOW * self.mean(at["pull"])[:, None],
        }

    def values(self, at: dict[str, Any], b: int, rate: float) -> dict[str, Any]:
        """Measure what the symbols stand for; ``J`` is what writes the mean pull as a combination of rows."""
        d = at["Z"].shape[1]
        R, Sigma, M = at["R"], at["Sigma"], at["M"]
        u = at["Z"] @ R.T
        pulls = np.einsum("n,ni,nc->ic", self.chances, at["g"], u)
        J = np.linalg.lstsq(R @ Sigma @ R.T / d, pulls.T, rcond=1e-10)[0].T
        return {
            "J": J,
            "N": np.einsum("n,ni,nj->ij", self.chances, at["g"], at["g"]),
            "q": self.mean(at["pull"])[:, None],
            "O_W": R @ Sigma @ M @ R[:STUDENTS].T / d,
            "O_U": R @ Sigma @ M @ at["U"].T / d,
            "tau": float(np.trace(Sigma @ M) / d),
            "eta": rate,
            "eta_a": SLOW,
            "b": b,
            "k": STUDENTS,
            "p": len(R),
        }


def _with_rest(block: Any, value: float, others: int) -> Any:
    whole = np.eye(len(block) + others) * value
    whole[: len(block), : len(block)] = block
    return whole


def _closed(trial: Trial) -> Judge:
    committee = Committee(trial.rng)
    seen = {d: committee.in_dimension(d) for d in SIZES}
    measured: dict[str, list[Any]] = {}
    for d in SIZES:
        for b, rate in STEPS:
            for name, value in committee.change(seen[d], b, rate).items():
                measured.setdefault(f"{name}, batches of {b}", []).append(value)

    def predict(closed_form: ClosedForm, time: float) -> ClosedForm:
        at = seen[round(1 / time)]
        found: dict[str, Any] = {}
        for b, rate in STEPS:
            for name, value in evaluate(closed_form, committee.values(at, b, rate)).items():
                found[f"{name}, batches of {b}"] = value
        return found

    return order(trial, [1 / d for d in SIZES], measured, predict, dict.fromkeys(measured, 1))


CHECKS = (
    Check("sgd.closed_equations", "all pairs of inputs of a quadratic network, three dimensions", "order", _closed),
)
