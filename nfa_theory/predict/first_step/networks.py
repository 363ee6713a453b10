"""The first step of sign descent and of Muon at the network's own widths: random networks and their gradients."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.first_step.muon import spread_alignment
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.random_network import alignment_of_change, draw, tangent_features


def step_alignments(problem: Problem, optimizer: str, rng: np.random.Generator) -> Float[np.ndarray, " depth"]:
    """Draw one network; compute the C-NFA of every hidden layer after its step on all samples."""
    drawn = draw(problem, rng)
    values = []
    for layer, D in tangent_features(drawn):
        delta = np.einsum("ni,nik->kn", drawn.R, D)
        Z, rows = drawn.inputs[layer - 1], D.reshape(-1, D.shape[2])
        if optimizer == "sign":
            values.append(alignment_of_change(np.sign(delta @ Z), rows, layer))
        else:
            half = rows @ _left_singular_vectors(delta, Z)
            values.append(spread_alignment(half.T @ half, layer))
    return np.array(values[::-1])


def _left_singular_vectors(delta: Any, Z: Any) -> Any:
    """Return those of ``delta Z`` whose singular values are above rounding."""
    narrow = delta @ (np.linalg.qr(Z.T)[1].T if len(Z) < Z.shape[1] else Z)
    U, values, _ = np.linalg.svd(narrow, full_matrices=False)
    kept = values > values[0] * (max(narrow.shape) * float(np.finfo(narrow.dtype).eps))
    return U[:, kept]
