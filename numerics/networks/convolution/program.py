"""A convolutional network as a sequence of steps, each of which acts on channels or on positions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numerics.errors import InputError
from numerics.networks.convolution.layers import Conv, Layer, MeanPool, Residual
from numerics.networks.convolution.positions import Window, window_of


@dataclass(frozen=True)
class Convolve:
    """Multiply the patches of a window with the weights of a layer (counted from 1)."""

    layer: int
    window: Window
    channels_in: int
    channels_out: int

    @property
    def fan_in(self) -> int:
        """Numbers in a patch."""
        return self.channels_in * len(self.window.seen)


@dataclass(frozen=True)
class Activate:
    """Apply the activation."""


@dataclass(frozen=True)
class Average:
    """Take the mean of a window, channel by channel."""

    window: Window


@dataclass(frozen=True)
class Branch:
    """Add the result of steps to what they start from."""

    steps: tuple["Step", ...]


Step = Convolve | Activate | Average | Branch


@dataclass(frozen=True)
class Program:
    """The steps up to the readout.

    Parameters
    ----------
    steps : tuple of Step
        In the order in which they act.
    shape : (int, int)
        Height and width of what the readout sees.
    channels : int
        Its channels.
    """

    steps: tuple[Step, ...]
    shape: tuple[int, int]
    channels: int

    def convolutions(self) -> Iterator[Convolve]:
        """List the layers with weights, in the order in which they act."""
        yield from _convolutions(self.steps)


def compile_layers(image: tuple[int, int, int], layers: Sequence[Layer]) -> Program:
    """Turn layers into steps: an activation stands between a convolution and what follows it.

    Raises
    ------
    InputError
        If there is no convolution, a window does not fit, or a branch does not keep the shape of its start.
    """
    state = _State(image[0], (image[1], image[2]))
    for layer in layers:
        state.add(layer)
    if not state.count:
        raise InputError("a convolutional network needs one Conv at least, got none")
    if state.linear:
        state.steps.append(Activate())
    return Program(tuple(state.steps), state.shape, state.channels)


class _State:
    """What is known after some layers: the shape, the layers with weights, and whether an activation is due."""

    def __init__(self, channels: int, shape: tuple[int, int]) -> None:
        self.channels, self.shape, self.count, self.linear = channels, shape, 0, False
        self.steps: list[Step] = []

    def add(self, layer: Layer) -> None:
        if isinstance(layer, Conv):
            self._activate()
            self.steps.append(self._convolve(layer))
            self.linear = True
        elif isinstance(layer, MeanPool):
            self._activate()
            window = window_of(layer, self.shape)
            self.shape = window.shape_out
            self.steps.append(Average(window))
        elif isinstance(layer, Residual):
            self._branch(layer)
        else:
            raise InputError(f"layers must be Conv, MeanPool or Residual, got {layer!r}")

    def _activate(self) -> None:
        if self.linear:
            self.steps.append(Activate())
            self.linear = False

    def _convolve(self, layer: Conv) -> Convolve:
        window = window_of(layer, self.shape)
        self.count += 1
        step = Convolve(self.count, window, self.channels, layer.channels)
        self.shape, self.channels = window.shape_out, layer.channels
        return step

    def _branch(self, layer: Residual) -> None:
        if not self.linear:
            raise InputError("a Residual must follow a Conv or a Residual, whose result it is added to")
        before = self.channels, *self.shape
        steps: list[Step] = []
        for each in layer.layers:
            steps += [Activate(), self._convolve(each)]
        after = self.channels, *self.shape
        if after != before:
            raise InputError(
                f"a residual branch must keep channels, height and width {before}, got {after}; "
                "change them by a Conv between branches"
            )
        self.steps.append(Branch(tuple(steps)))


def _convolutions(steps: Sequence[Step]) -> Iterator[Convolve]:
    for step in steps:
        if isinstance(step, Convolve):
            yield step
        elif isinstance(step, Branch):
            yield from _convolutions(step.steps)
