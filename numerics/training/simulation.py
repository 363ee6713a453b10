"""Training runs from data, a network and seeds to a record."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import xarray as xr

from numerics.data.prepare import prepare
from numerics.errors import InputError
from numerics.networks.losses import find_loss
from numerics.networks.network import Network
from numerics.networks.parameters import Parameters, as_parameters
from numerics.networks.samples import check_samples, require_learnable
from numerics.optimizers import Optimizer, find_optimizer
from numerics.training.arguments import distinct_seeds, rates_by_layer, samples_per_step
from numerics.training.groups import train_groups
from numerics.training.loop import Run
from numerics.training.measure import Measure, When, as_measure
from numerics.training.records import make_record
from numerics.training.sampling import Batch, given_batches, shuffled_batches
from numerics.training.schedule import learning_rates, measured_steps, number_of_steps


def simulate(
    X: Any,
    Y: Any,
    net: Network,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    learning_rate: Any = 0.1,
    optimizer: str | Optimizer = "sgd",
    batch_size: int | None = None,
    loss: str = "mse",
    seed: int | Sequence[int] = 0,
    measure: When | Measure = "epoch",
    initial_weights: Any = None,
    progress: Callable[[int, int], None] | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
) -> xr.Dataset:
    """Train a network by gradient descent and measure how its features align.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs, one sample a row; their namespace and dtype are those of the run.
    Y : array_like, shape (n, c) or (n,)
        Labels, or classes.
    net : MLP or ConvNet
        The network.
    steps, epochs : int, optional
        Length of the run in optimizer steps or in passes over the data; one of them, unless the optimizer has
        a `sample_order`.
    learning_rate : float, array_like of shape (steps,), or callable
        One number, one for each step, or a schedule of `numerics.optimizers.learning_rates`. In muP it is
        multiplied by the width, see `numerics.networks.parametrizations`.
    optimizer : str or Optimizer
        ``"sgd"``: batches; ``"gd"``: all samples at each step; ``"momentum"``, ``"adam"``, ``"adamw"``, ``"sign"``
        (sign descent), ``"muon"``, ``"slo:3"`` (speed-limited, layer 3 favored) and ``"flow"`` (gradient flow; a step
        advances time by the learning rate), or an object of `numerics.optimizers`, which has their settings: weight
        decay, rates by layer, and those of its rule.
    batch_size : int, optional
        Samples in a batch of SGD; by default 128, or n if that is less. The last batch of an epoch has what is left.
    loss : str
        ``"mse"``: ``(1/2n) sum |y - f|^2``; ``"mse_mean"``: PyTorch's ``MSELoss``, the mean over samples and outputs;
        ``"cross_entropy"``: softmax cross-entropy.
    seed : int or sequence of int
        One run for each seed, which decides its initial weights and its order of samples.
    measure : "epoch", int, sequence of int or Measure
        Measure after every epoch, every so many steps, or after the steps listed; always before training too. A
        `Measure` says besides what: which alignment, with test data, sketched, and whom to call; and where to keep the
        run's state, to go on from there.
    initial_weights : Parameters or sequence of array, optional
        Use these instead of drawing them: one matrix (fan_out, fan_in) a layer, the readout included, or pairs
        (matrix, bias), or any other form that `numerics.networks.parameters.read_parameters` reads. Arrays with one
        more axis in front hold one for each seed.
    progress : callable, optional
        Called as ``progress(done, total)`` after every step.
    classes : bool, optional
        Take labels as classes: integers of any values, text, or one-hot rows; the targets are one-hot minus
        ``1 / classes``. By default integers are numbers, but classes for the cross-entropy, with a
        `numerics.data.DataWarning` if they look like classes.
    standardize : {"none", "columns", "pixels", "unit_sphere"}
        Scale the inputs: columns of mean 0 and deviation 1, values over 255, samples of norm 1. By default nothing is
        scaled, and a `numerics.data.DataWarning` says if one direction dominates.
    center_labels : bool, optional
        Subtract ``1 / classes`` from one-hot labels, the mean from others; by default done to `classes`, unless the
        loss is the cross-entropy. A `numerics.data.DataWarning` says if the mean dominates; False says that it is
        meant.

    Returns
    -------
    xarray.Dataset
        A record with dimensions (seed, step, layer), layers 1, ..., depth (the readout is left out: its alignment is 1
        by definition). ``c_nfa`` is missing (NaN) before training: no weight has moved. Accuracies are recorded where
        the rows of `Y` mark classes. See `numerics.training.records.make_record`.

    Raises
    ------
    InputError
        If an argument does not meet its requirement; the message says which and what came.
    DivergenceError
        If the loss of a batch is not finite or exceeds the first by a factor of a million.

    Notes
    -----
    Alignments are those of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), measured on the training inputs.

    Examples
    --------
    >>> from numerics import MLP
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 4))
    >>> record = simulate(X, X[:, :1] * X[:, 1:2], MLP((4, 32, 1)), epochs=2, batch_size=10, seed=[0, 1])
    >>> dict(record.uc_nfa.sizes)
    {'seed': 2, 'step': 3, 'layer': 1}
    """
    data = prepare(X, Y, classes=classes, standardize=standardize, center_labels=center_labels, loss=loss)
    data.check_outputs(net.outputs)
    samples = check_samples(data.X, data.Y, net)
    require_learnable(samples)
    seeds = distinct_seeds(seed)
    rule = find_optimizer(optimizer, net)
    batch_size = samples_per_step(rule, batch_size, samples.n)
    orders = _given_orders(rule.sample_order, len(seeds), samples.n, batch_size)
    steps_per_epoch = math.ceil(samples.n / batch_size)
    total = number_of_steps(steps, epochs, steps_per_epoch, min(map(len, orders)) if orders else None)
    asked = as_measure(measure)
    run = Run(
        net=net,
        train=samples,
        test=None if asked.test is None else check_samples(*data.like(*asked.test), net, name="test "),
        loss=find_loss(loss, samples.Y),
        rates=learning_rates(learning_rate, total),
        measured=measured_steps(asked.every, total, steps_per_epoch),
        optimizer=rule,
        layer_rates=rates_by_layer(rule.layer_rates, net),
        measure=asked,
    )
    config = {
        "net": net.config(),
        "optimizer": str(rule),
        "batch_size": batch_size,
        "steps": total,
        "learning_rate": run.rates[0] if total and np.ptp(run.rates) == 0 else run.rates.tolist(),
        "loss": loss,
        "alignment": asked.kind,
        "weight_decay": rule.weight_decay,
        "layer_rates": None if rule.layer_rates is None else list(rule.layer_rates),
        "combinations": asked.combinations,
        "initial_weights": "drawn" if initial_weights is None else "given",
        "sample_order": "drawn" if rule.sample_order is None else "given",
        "data": {"n": samples.n, "dtype": str(samples.X.dtype).rsplit(".", 1)[-1], "sha256": samples.fingerprint()},
        **data.settings,
    }
    starts = [_initial(net, one, i, len(seeds), initial_weights, samples.X) for i, one in enumerate(seeds)]
    drawn = [] if orders else [_drawn_order(rule, one, samples.n, batch_size) for one in seeds]
    results = train_groups(
        run, seeds, starts, orders or drawn, batch_size, _ticker(progress, total * len(seeds)), asked.checkpoint, config
    )
    return make_record(
        results,
        seeds=seeds,
        steps=run.measured,
        epochs=[step / steps_per_epoch for step in run.measured],
        config=config,
    )


def initial_parameters(net: Network, seed: int, dtype: Any = np.float64) -> Parameters:
    """Return the initial weights that `simulate` draws for a seed.

    Parameters
    ----------
    net : MLP or ConvNet
        The network.
    seed : int
        The seed.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    numerics.networks.parameters.Parameters
        NumPy arrays.
    """
    return net.initialize(_generators(seed)[0], dtype)


def _generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    # Separate streams: the order of samples must not depend on how many weights were drawn.
    weights, order = np.random.SeedSequence(seed).spawn(2)
    return np.random.default_rng(weights), np.random.default_rng(order)


def _given_orders(sample_order: Any, seeds: int, n: int, batch_size: int) -> list[list[Batch]]:
    if sample_order is None:
        return []
    if len(sample_order) == 0 or np.ndim(sample_order[0]) < 2:
        return [given_batches(sample_order, n, batch_size)] * seeds
    if len(sample_order) != seeds:
        raise InputError(f"sample_order must hold one order for each of {seeds} seeds, got {len(sample_order)}")
    return [given_batches(order, n, batch_size) for order in sample_order]


def _drawn_order(optimizer: Optimizer, seed: int, n: int, batch_size: int) -> Iterable[Batch | None]:
    if optimizer.full_batch:
        return repeat(None)
    return shuffled_batches(n, batch_size, _generators(seed)[1])


def _initial(net: Network, seed: int, number: int, seeds: int, given: Any, X: Any) -> Parameters:
    if given is None:
        return net.parameters(initial_parameters(net, seed), X)
    given = as_parameters(given, bias=net.bias)
    if given.weights and np.ndim(given.weights[0]) == 3:
        if len(given.weights[0]) != seeds:
            raise InputError(
                f"initial_weights must hold one set for each of {seeds} seeds, got {len(given.weights[0])}"
            )
        given = Parameters(tuple(W[number] for W in given.weights), tuple(b[number] for b in given.biases))
    return net.parameters(given, X)


def _ticker(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    if progress is None:
        return lambda: None

    def ticks() -> Iterator[None]:
        for done in range(1, total + 1):
            progress(done, total)
            yield

    clock = ticks()
    return lambda: next(clock)
