"""`predict_online`: UC-NFA, C-NFA and loss through one-pass SGD, from overlaps alone."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.online.committee import ACTIVATIONS, EXACT, Committee, Relu
from nfa_theory.predict.online.equations import OnlineProblem, State
from numerics import InputError
from numerics.errors import unknown

REPLICATES = 4
"""Sets of Sobol points, whose spread is the error of ReLU."""


@dataclass(frozen=True, eq=False)
class OnlinePrediction:
    """One-pass SGD as the dimension of the inputs tends to infinity.

    Parameters
    ----------
    times : (t,) array
        Steps over the dimension of the inputs.
    uc_nfa, c_nfa : (t,) array
        Alignments of the first layer; at time 0 the C-NFA is its limit.
    loss : (t,) array
        ``E[(y - f)^2] / 2`` over fresh inputs, without label noise.
    overlaps : (t, 2 k + m, 2 k + m) array
        Gram matrices over the dimension of current weights, initial weights and teacher.
    readout : (t, k) array
        The readout.
    errors : dict of str to (t,) array
        Standard errors of the three curves: zero where all moments are in closed form.
    """

    times: Any
    uc_nfa: Any
    c_nfa: Any
    loss: Any
    overlaps: Any
    readout: Any
    errors: dict[str, Any]


def predict_online(
    overlaps: Any,
    readout: Any,
    teacher_readout: Any,
    activation: str = "erf",
    *,
    learning_rate: float,
    times: Any,
    batch_size: int = 1,
    label_noise: float = 0.0,
    readout_learning_rate: float = 0.0,
    eigenvalues: Any = None,
    shares: Any = None,
    seed: int = 0,
) -> OnlinePrediction:
    r"""Predict the alignment of a committee machine through one-pass SGD on a teacher of the same kind.

    The network is ``f = sum_i a_i phi(w_i . x / sqrt d)``, labels are ``sum_m v_m phi(T_m . x / sqrt d)`` plus noise,
    inputs are Gaussian, and every step sees ``batch_size`` fresh samples:
    ``w_i += (learning_rate / b) sum (y - f) a_i phi'(h_i) x / sqrt d``.

    Parameters
    ----------
    overlaps : array, shape (k + m, k + m) or (e, k + m, k + m)
        Gram matrix over ``d`` of the students' and the teacher's rows at the start, see `overlaps_of`; with
        `eigenvalues`, one for each eigenspace of the input covariance.
    readout, teacher_readout : array, shape (k,) and (m,)
        ``a`` and ``v``.
    activation : {"erf", "quadratic", "relu", "linear"}
        ``"erf"`` is ``erf(z / sqrt 2)`` here, ``"quadratic"`` is ``z^2``.
    learning_rate : float
        Of order one: the step is finite.
    times : array, shape (t,)
        Steps over ``d``, not negative, in rising order.
    batch_size : int
        ``b``.
    label_noise : float
        Standard deviation of the noise of the labels.
    readout_learning_rate : float
        Steps of the readout are this over ``d``; 0 keeps it fixed.
    eigenvalues, shares : array, shape (e,), optional
        Eigenvalues of the input covariance and the share of the directions that has each; the identity by default.
    seed : int
        Of the Sobol points that ReLU needs.

    Returns
    -------
    OnlinePrediction
        Exact as ``d`` tends to infinity at a fixed number of students; the deviation at finite ``d`` is of order
        ``d^(-1/2)`` in a single run.

    Raises
    ------
    InputError
        If shapes or ranges do not fit, or the overlaps do not stay finite.

    Notes
    -----
    Without the term of order ``learning_rate**2`` the equations are gradient flow on the population loss; moments of
    quadratic networks and the alignments are claims (``sgd.quadratic_moments``, ``sgd.overlap_alignments``). The
    setting is that of Veiga, Stephan, Loureiro, Krzakala and Zdeborova, arXiv 2202.00293; the alignments are those of
    Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271.

    Examples
    --------
    >>> import numpy as np
    >>> start = np.array([[1.0, 0.2, 0.3], [0.2, 1.0, -0.1], [0.3, -0.1, 1.0]])
    >>> found = predict_online(start, [1.0, -1.0], [1.0], learning_rate=0.5, times=[0.0, 1.0, 10.0])
    >>> found.c_nfa.round(3).tolist()
    [0.997, 0.998, 1.0]
    """
    if activation not in ACTIVATIONS:
        raise InputError(unknown("activation", activation, ACTIVATIONS))
    t = _times(times)
    a, v = (_vector(name, each) for name, each in (("readout", readout), ("teacher_readout", teacher_readout)))
    lambdas, weights = _spectrum(eigenvalues, shares)
    start = State(_with_initial_weights(_overlaps(overlaps, len(a), len(v), len(lambdas)), len(a)), a)
    _require("learning_rate", learning_rate, learning_rate > 0, "positive")
    _require("batch_size", batch_size, batch_size == int(batch_size) and batch_size > 0, "a positive integer")
    for name, value in (("label_noise", label_noise), ("readout_learning_rate", readout_learning_rate)):
        _require(name, value, value >= 0, "at least 0")
    problem = OnlineProblem(
        start, v, Relu(1, np.random.default_rng(0)) if activation == "relu" else EXACT[activation](),
        float(learning_rate), float(readout_learning_rate), int(batch_size), float(label_noise), lambdas, weights,
    )  # fmt: skip
    return _average([_course(each, t) for each in _replicates(problem, activation, seed)])


def overlaps_of(W: Any, teacher: Any) -> Float[Any, "r r"]:
    """Return the Gram matrix over the dimension of students' and teacher's rows, as `predict_online` takes it.

    Parameters
    ----------
    W, teacher : array, shape (k, d) and (m, d)
        Weights of the network and of the teacher.

    Returns
    -------
    array, shape (k + m, k + m)
        Overlaps.

    Raises
    ------
    InputError
        If the two do not have the same number of columns.
    """
    W, teacher = (np.asarray(each, dtype=np.float64) for each in (W, teacher))
    if W.ndim != 2 or teacher.ndim != 2 or W.shape[1] != teacher.shape[1]:
        raise InputError(f"W (k, d) and teacher (m, d) must be matrices of one d, got {W.shape} and {teacher.shape}")
    rows = np.concatenate([W, teacher])
    return rows @ rows.T / W.shape[1]


def _require(name: str, value: Any, holds: bool, requirement: str) -> None:
    if not holds or not np.isfinite(value):
        raise InputError(f"{name} must be {requirement}, got {value!r}")


def _times(times: Any) -> Float[Any, " t"]:
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if t.ndim != 1 or not len(t) or np.any(t < 0) or np.any(np.diff(t) <= 0) or not np.all(np.isfinite(t)):
        raise InputError(f"times must rise from 0 or later, got {times!r}")
    return t


def _vector(name: str, value: Any) -> Float[Any, " k"]:
    vector = np.asarray(value, dtype=np.float64)
    if vector.ndim != 1 or not len(vector) or not np.all(np.isfinite(vector)):
        raise InputError(f"{name} must be a vector of finite numbers, got shape {vector.shape}")
    return vector


def _spectrum(eigenvalues: Any, shares: Any) -> tuple[Float[Any, " e"], Float[Any, " e"]]:
    if eigenvalues is None:
        if shares is not None:
            raise InputError("shares need eigenvalues, got shares alone")
        return np.ones(1), np.ones(1)
    lambdas = _vector("eigenvalues", eigenvalues)
    weights = np.full(len(lambdas), 1 / len(lambdas)) if shares is None else _vector("shares", shares)
    if np.any(lambdas < 0) or len(weights) != len(lambdas) or np.any(weights < 0) or abs(weights.sum() - 1) > 1e-9:
        raise InputError("eigenvalues must not be negative, and one share each must add up to 1")
    return lambdas, weights


def _overlaps(overlaps: Any, k: int, m: int, count: int) -> Float[Any, "e r r"]:
    found = np.asarray(overlaps, dtype=np.float64)
    found = found[None] if found.ndim == 2 else found
    if found.shape != (count, k + m, k + m):
        raise InputError(f"overlaps must have shape {(count, k + m, k + m)} or, for one eigenvalue, {(k + m, k + m)}, "
                         f"got {np.shape(overlaps)}")  # fmt: skip
    smallest = float(np.linalg.eigvalsh(found).min())
    if not np.allclose(found, found.transpose(0, 2, 1)) or smallest < -1e-8 * float(np.abs(found).max()):
        raise InputError("overlaps must be a Gram matrix: symmetric, without negative eigenvalues")
    return found


def _with_initial_weights(overlaps: Float[Any, "e r r"], k: int) -> Float[Any, "e s s"]:
    """Repeat the students' rows: the initial weights, which stay."""
    rows = np.r_[0:k, 0:k, k : overlaps.shape[-1]]
    return overlaps[:, rows[:, None], rows]


def _replicates(problem: OnlineProblem, activation: str, seed: int) -> list[OnlineProblem]:
    if activation != "relu":
        return [problem]
    fields = problem.k + len(problem.teacher_readout)
    streams = np.random.default_rng(seed).spawn(REPLICATES)
    committees: list[Committee] = [Relu(fields, rng) for rng in streams]
    return [replace(problem, committee=each) for each in committees]


def _course(problem: OnlineProblem, times: Float[Any, " t"]) -> OnlinePrediction:
    states = problem.solve(times)
    k = problem.k
    uc, c, loss = [], [], []
    for time, state in zip(times, states, strict=True):
        found = problem.moments(state)
        K = np.outer(state.readout, state.readout) * found.slopes
        total = state.overlaps.sum(axis=0)
        Q = total[:k, :k]
        moved = Q - total[:k, k : 2 * k] - total[k : 2 * k, :k] + total[k : 2 * k, k : 2 * k]
        uc.append(alignment(Q, K))
        c.append(alignment(moved if time > 0 else _first_change(problem), K))
        loss.append(found.square / 2)
    none = dict.fromkeys(("uc_nfa", "c_nfa", "loss"), np.zeros(len(times)))
    return OnlinePrediction(
        times,
        np.array(uc),
        np.array(c),
        np.array(loss),
        np.array([state.overlaps.sum(axis=0) for state in states]),
        np.array([state.readout for state in states]),
        none,
    )


def _first_change(problem: OnlineProblem) -> Float[Any, "k k"]:
    """Return the overlaps of the changes at small times over the time: the scatter of the first steps."""
    return problem.noise(problem.start, problem.moments(problem.start))


def alignment(Q: Float[Any, "k k"], K: Float[Any, "k k"]) -> float:
    """Return the cosine of ``V^T V`` and ``V^T K V`` from ``Q = V V^T``."""
    QK = Q @ K
    norms = np.sum(Q * Q) * np.sum(QK * QK.T)
    return float(np.sum(Q * QK.T) / np.sqrt(norms)) if norms > 0 else float("nan")


def _average(courses: list[OnlinePrediction]) -> OnlinePrediction:
    """Average over sets of points, with the standard errors of the mean."""
    if len(courses) == 1:
        return courses[0]
    names = ("uc_nfa", "c_nfa", "loss", "overlaps", "readout")
    means = {name: np.mean([getattr(each, name) for each in courses], axis=0) for name in names}
    errors = {
        name: np.std([getattr(each, name) for each in courses], axis=0, ddof=1) / np.sqrt(len(courses))
        for name in names[:3]
    }
    return replace(courses[0], **means, errors=errors)
