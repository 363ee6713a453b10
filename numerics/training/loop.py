"""Training of networks side by side: step by step, measured on the way, and stopped or resumed at a measurement."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float64, Int

from numerics.backend.arrays import Array, like, to_host
from numerics.data.notes import some_rows
from numerics.errors import DivergenceError
from numerics.feature_matrices.network_alignments import Row
from numerics.networks.ensembles import copy, member, stack
from numerics.networks.losses import Loss
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters
from numerics.networks.samples import Samples
from numerics.optimizers.base import Optimizer, Step
from numerics.training.batches import Batches
from numerics.training.measure import Measure
from numerics.training.record_rows import record_row
from numerics.training.sampling import Batch

HUGE = 1e10
"""A loss that starts above this comes from the scale of the data, and no learning rate mends it."""
DIVERGED = 1e6
"""A run has diverged when the loss of a batch exceeds that of the first batch by this factor, or is not finite."""
LARGE = 100.0
"""Inputs of a larger mean square than this are to be scaled, where training diverges."""


@dataclass(frozen=True)
class Run:
    """What a training run needs besides its initial weights and its order of samples.

    Parameters
    ----------
    net : MLP or ConvNet
        The network.
    train : Samples
        Training data.
    test : Samples, optional
        Test data.
    loss : Loss
        The loss.
    rates : numpy.ndarray, shape (steps,)
        Learning rate of each step.
    measured : list of int
        After how many steps to measure, increasing.
    optimizer : Optimizer
        The rule by which parameters move.
    layer_rates : sequence of float
        Factor on the learning rate of each layer, the readout last.
    measure : Measure
        What to measure.
    """

    net: Network
    train: Samples
    test: Samples | None
    loss: Loss
    rates: Float64[np.ndarray, " steps"]
    measured: list[int]
    optimizer: Optimizer
    layer_rates: Sequence[float]
    measure: Measure


@dataclass
class Progress:
    """Where a group of networks stands: what a checkpoint keeps.

    Parameters
    ----------
    step : int
        Steps done.
    first : numpy.ndarray, shape (s,)
        Loss of the first batch of each network.
    arrays : list of array
        Weights, biases, and the optimizer's state, in this order.
    rows : list of list of dict
        What was measured, by measurement and by network.
    """

    step: int = 0
    first: Float64[np.ndarray, " s"] = field(default_factory=lambda: np.empty(0))
    arrays: list[Array] = field(default_factory=list)
    rows: list[list[Row]] = field(default_factory=list)


def train(
    run: Run,
    seeds: Sequence[int],
    initial: Sequence[Parameters],
    orders: Sequence[Iterable[Batch | None]],
    after_step: Callable[[], None],
    resumed: Progress | None = None,
    keep: Callable[[Progress], None] | None = None,
) -> dict[str, Float64[np.ndarray, "..."]]:
    """Train networks side by side on their batches, and measure; return the variables of a record, networks first.

    `orders` have batches of one size at one step, None for all samples; `after_step` is called once for each network;
    `keep` gets the progress after every measurement, and `resumed` is one to go on from.
    """
    batches = Batches(run.net, run.train, run.test, run.loss, initial, run.optimizer.weight_decay)
    parameters = stack(initial)
    state = run.optimizer.start(parameters)
    now = resumed or Progress()
    if resumed is not None:
        parameters, state = _restore(resumed.arrays, parameters, state)
    now.arrays = [*parameters.weights, *parameters.biases, *state]

    def measure() -> None:
        now.rows.append([_measure(run, batches, parameters, initial, i, seeds[i], now.step) for i in range(len(seeds))])
        observe = run.measure.observe
        for i, seed in enumerate(seeds if observe is not None else ()):
            observe(seed, now.step, copy(member(parameters, i)))  # type: ignore[misc]
        if keep is not None:
            keep(now)

    wanted = set(run.measured)
    with np.errstate(all="ignore"):  # overflow is answered by the check for divergence, in words
        if resumed is None and 0 in wanted:
            measure()
        for _ in range(now.step * len(seeds)):
            after_step()
        steps = zip(run.rates[now.step :], _aligned(orders, now.step), strict=False)
        for rate, batch in steps:
            rates = [float(rate) * factor for factor in run.layer_rates]
            step = Step(now.step + 1, rates)
            losses = run.optimizer.advance(partial(batches.loss_and_gradients, batch=batch), parameters, state, step)
            values = to_host(losses).astype(np.float64)
            now.step += 1
            now.first = values if now.step == 1 else now.first
            _check_losses(values, now, seeds, rate, run.train)
            for _ in seeds:
                after_step()
            if now.step in wanted:
                measure()
                _check_losses(np.asarray([row["loss"] for row in now.rows[-1]]), now, seeds, rate, run.train)
    return {name: np.stack([[row[name] for row in rows] for rows in now.rows], axis=1) for name in now.rows[0][0]}


def _aligned(orders: Sequence[Iterable[Batch | None]], done: int) -> Iterator[Int[np.ndarray, "s b"] | None]:
    # Sample numbers of each step for all networks; None stands for all samples.
    for batch in islice(zip(*orders, strict=False), done, None):
        given = [order for order in batch if order is not None]
        yield np.stack(given) if given else None


def _restore(arrays: list[Array], parameters: Parameters, state: list[Array]) -> tuple[Parameters, list[Array]]:
    layers, biases = len(parameters.weights), len(parameters.biases)
    references = [*parameters.weights, *parameters.biases, *state]
    restored = [like(A, reference) for A, reference in zip(arrays, references, strict=True)]
    # Own copies: a namespace may share memory with the host, and these arrays are changed in place.
    restored = [array_namespace(A).asarray(A, copy=True) for A in restored]
    split = layers + biases
    return Parameters(tuple(restored[:layers]), tuple(restored[layers:split])), restored[split:]


def _measure(
    run: Run, batches: Batches, parameters: Parameters, initial: Sequence[Parameters], number: int, seed: int, step: int
) -> Row:
    # Signs depend on seed and step alone, so that a resumed run draws those of one never stopped.
    signs = None
    if run.measure.combinations is not None:
        signs = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2, step)))
    return record_row(
        run.net,
        member(parameters, number),
        initial[number],
        run.train,
        run.test,
        run.loss,
        run.measure,
        lambda outputs, samples: batches.subtract(outputs, samples, number),
        signs,
    )


def _check_losses(
    values: Float64[np.ndarray, " s"], now: Progress, seeds: Sequence[int], rate: float, train: Samples
) -> None:
    limits = DIVERGED * np.maximum(now.first, np.finfo(np.float32).tiny)
    bad = ~(values <= limits)
    if not bad.any():
        return
    i = int(np.flatnonzero(bad)[0])
    which = f" with seed {seeds[i]}" if len(seeds) > 1 else ""
    shown = float(values[i]) if math.isfinite(values[i]) else values[i]
    if not now.first[i] < HUGE:
        raise DivergenceError(
            f"training diverged at step {now.step}{which}: the loss starts at {now.first[i]:.4g}; "
            "scale inputs and labels down, to about 1"
        )
    raise DivergenceError(
        f"training diverged at step {now.step}{which}: loss {shown:.4g} after {now.first[i]:.4g} at the first step, "
        f"with learning_rate {rate:g}; {_advice(train)}"
    )


def _advice(train: Samples) -> str:
    """Say what would help against divergence."""
    size = float(np.mean(some_rows(train.X) ** 2))
    if not size > LARGE:
        return "a smaller learning_rate is needed"
    return (
        f"scale the inputs, whose mean square is {size:.3g}, to about 1 (standardize='columns', --standardize "
        "columns), or take a smaller learning_rate"
    )
