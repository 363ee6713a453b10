"""The convolutional network as a value, its initial weights, and its forward pass."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Inexact

from numerics.backend.arrays import Array
from numerics.checks import one_of, require_integer
from numerics.errors import InputError
from numerics.networks.activations import Activation, parse_activation
from numerics.networks.convolution.layers import Layer
from numerics.networks.convolution.passes import ConvActivity, Forward, Visit, affine, pull_back
from numerics.networks.convolution.program import Convolve, Program, compile_layers
from numerics.networks.initializations import check_initialization, draw
from numerics.networks.parameters import Parameters, read_parameters
from numerics.networks.parametrizations import LayerScaling, canonical_parametrization, layer_scaling

READOUTS = ("dense", "mean")


@dataclass(frozen=True)
class ConvNet:
    """A convolutional network with a linear readout.

    A convolution has ``h_p = multiplier * W z_p + b`` at every position `p`, with the patch ``z_p`` that the filter
    sees there; the weights `W` are shared by all positions. The activation is applied to what goes into a convolution,
    a pooling or the readout, but not to the image. Max pooling and normalization are not among the layers: they are
    not linear in kernels, see `docs/convolution.md`.

    Parameters
    ----------
    image : (int, int, int)
        Channels, height and width. A sample is a row of so many numbers, channel by channel, each row by row.
    layers : sequence of Conv, MeanPool and Residual
        What comes before the readout; one `Conv` at least.
    outputs : int
        Number of outputs.
    activation : str or Activation
        See `numerics.networks.activations.ACTIVATIONS`.
    parametrization : str
        As in `MLP`; the fan-in of a convolution is the length of a patch.
    readout : str
        ``"dense"``: every activation at every position has a weight of its own; ``"mean"``: the mean over positions is
        read out.
    initialization : str, optional
        Distribution of the initial weights, as in `MLP`.
    bias : bool
        Whether convolutions and readout have biases, which start at zero but for PyTorch's parametrization.
    zero_initial_function : bool
        If true the network's function is ``g(x; W) - g(x; W(0))``, as in `MLP`.

    Raises
    ------
    InputError
        If a number or a name is wrong, or a layer does not fit the image.

    Examples
    --------
    >>> from numerics import Conv, MeanPool, Residual
    >>> net = ConvNet((1, 8, 8), [Conv(16), Conv(32, stride=2), Residual(Conv(32), Conv(32)), MeanPool(2)], outputs=10)
    >>> net.depth, net.channels, net.positions
    (4, (16, 32, 32, 32), (64, 16, 16, 16))
    >>> [W.shape for W in net.initialize(np.random.default_rng(0)).weights]
    [(16, 9), (32, 144), (32, 288), (32, 288), (10, 128)]
    """

    image: tuple[int, int, int]
    layers: tuple[Layer, ...]
    outputs: int
    activation: Activation
    parametrization: str
    readout: str
    initialization: str
    bias: bool
    zero_initial_function: bool
    program: Program = field(repr=False, compare=False)

    def __init__(
        self,
        image: Sequence[int],
        layers: Sequence[Layer],
        outputs: int,
        activation: str | Activation = "relu",
        parametrization: str = "ntk",
        readout: str = "dense",
        initialization: str | None = None,
        bias: bool = False,
        zero_initial_function: bool = False,
    ) -> None:
        shape = _check_image(image)
        parametrization = canonical_parametrization(parametrization)
        default = "uniform" if parametrization == "pytorch" else "gaussian"
        values: dict[str, Any] = {
            "image": shape,
            "layers": tuple(layers),
            "outputs": require_integer("outputs", outputs, 1),
            "activation": parse_activation(activation),
            "parametrization": parametrization,
            "readout": one_of("readout", readout, READOUTS),
            "initialization": check_initialization(initialization or default),
            "bias": bool(bias),
            "zero_initial_function": bool(zero_initial_function),
            "program": compile_layers(shape, tuple(layers)),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def convolutions(self) -> tuple[Convolve, ...]:
        """The layers with weights before the readout."""
        return tuple(self.program.convolutions())

    @property
    def depth(self) -> int:
        """Number of layers with weights before the readout."""
        return len(self.convolutions)

    @property
    def inputs(self) -> int:
        """Numbers in an image."""
        return math.prod(self.image)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels after layers 1, ..., depth: what has to be large for the limit of infinite width."""
        return tuple(step.channels_out for step in self.convolutions)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """The same as `channels`: rows of the weights of layers 1, ..., depth."""
        return self.channels

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the filter in layers 1, ..., depth."""
        return tuple(step.window.positions_out for step in self.convolutions)

    @property
    def fan_ins(self) -> tuple[int, ...]:
        """Columns of the weights of layers 1, ..., depth + 1."""
        positions = math.prod(self.program.shape) if self.readout == "dense" else 1
        return (*(step.fan_in for step in self.convolutions), positions * self.program.channels)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers that a sample takes: the image, patches and pre-activations of every layer, the outputs."""
        of_layers = (step.window.positions_out * max(step.fan_in, step.channels_out) for step in self.convolutions)
        return (self.inputs, *of_layers, self.outputs)

    @property
    def weight_shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes (fan_out, fan_in) of the weights of layers 1, ..., depth + 1."""
        return tuple(zip((*self.channels, self.outputs), self.fan_ins, strict=True))

    def scaling(self, layer: int) -> LayerScaling:
        """Return the scaling of layer 1, ..., depth + 1 (the readout)."""
        self.check_layer(layer)
        last = layer == self.depth + 1
        return layer_scaling(self.parametrization, self.fan_ins[layer - 1], self.channels[-1], readout=last)

    @property
    def multipliers(self) -> tuple[float, ...]:
        """Multipliers of layers 1, ..., depth + 1."""
        return tuple(self.scaling(layer).multiplier for layer in range(1, self.depth + 2))

    def weight_variance(self, layer: int) -> float:
        """Return the variance of an effective weight times the fan-in: 1 in NTK parametrization, 2 in He's."""
        scaling = self.scaling(layer)
        return (scaling.multiplier * scaling.weight_std) ** 2 * self.fan_ins[layer - 1]

    def bias_variance(self, layer: int) -> float:
        """Return the variance of an initial bias of a layer; 0 in a network without biases."""
        return self.scaling(layer).bias_std ** 2 if self.bias else 0.0

    def config(self) -> dict[str, Any]:
        """Return what defines the network, as values that JSON knows."""
        names = ("outputs", "parametrization", "readout", "initialization", "bias", "zero_initial_function")
        values = {name: getattr(self, name) for name in names}
        layers = [str(layer) for layer in self.layers]
        return {"image": list(self.image), "layers": layers, "activation": str(self.activation), **values}

    def check_layer(self, layer: int) -> None:
        """Raise `InputError` unless `layer` is one of 1, ..., depth + 1."""
        require_integer("layer", layer, 1, self.depth + 1)

    def check_inputs(self, X: Array) -> None:
        """Raise `InputError` unless `X` is a matrix with a row per sample and a column per number of an image."""
        if X.ndim != 2 or X.shape[1] != self.inputs or X.shape[0] < 1:
            c, h, w = self.image
            raise InputError(f"X must have shape (n, {self.inputs}) for images {c} x {h} x {w}, got {tuple(X.shape)}")

    def initialize(self, rng: np.random.Generator, dtype: Any = np.float64) -> Parameters:
        """Draw initial weights, layer by layer, each layer's weights before its bias.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness; the draw is in float64, so that one seed gives one network in every dtype.
        dtype : dtype
            Dtype of the result.

        Returns
        -------
        numerics.networks.parameters.Parameters
            NumPy arrays.
        """
        weights, biases = [], []
        for layer, shape in enumerate(self.weight_shapes, start=1):
            weights.append((self.scaling(layer).weight_std * draw(self.initialization, rng, shape)).astype(dtype))
            if self.bias:
                kind = "uniform" if self.parametrization == "pytorch" else "gaussian"
                biases.append(
                    (math.sqrt(self.bias_variance(layer)) * draw(kind, rng, (shape[0], 1))[:, 0]).astype(dtype)
                )
        return Parameters(tuple(weights), tuple(biases))

    def parameters(self, weights: Any, reference: Array | None = None) -> Parameters:
        """Read weights as the network's parameters and check their shapes; a matrix (fan_out, fan_in) a layer."""
        return read_parameters(weights, self.weight_shapes, bias=self.bias, reference=reference)

    def forward(self, X: Inexact[Array, "n d"], weights: Any) -> ConvActivity:
        """Run the network and keep patches and pre-activations.

        Parameters
        ----------
        X : array, shape (n, d)
            Images as rows.
        weights : Parameters or sequence of array
            As in `parameters`.

        Returns
        -------
        ConvActivity
        """
        parameters = self.parameters(weights, X)
        self.check_inputs(X)
        return self.propagate(X, parameters)

    def propagate(
        self, X: Inexact[Array, "... n d"], parameters: Parameters, multipliers: Sequence[float] | None = None
    ) -> ConvActivity:
        """Do what `forward` does without looking at shapes, for one network or several side by side."""
        xp = array_namespace(X)
        factors = self.multipliers if multipliers is None else multipliers
        x = xp.reshape(X, (*X.shape[:-1], self.image[0], -1))
        run = Forward(self.activation, parameters.weights, parameters.biases, factors)
        z = run.run(self.program.steps, xp.matrix_transpose(x))
        Z = xp.mean(z, axis=-2) if self.readout == "mean" else xp.reshape(z, (*z.shape[:-2], -1))
        outputs = affine(Z, parameters.weights, parameters.biases, factors, self.depth + 1)
        return ConvActivity((*run.inputs, Z), tuple(run.preactivations), outputs)

    def pull_back(
        self,
        parameters: Parameters,
        activity: ConvActivity,
        output_gradient: Inexact[Array, "... n c"],
        visit: Visit,
    ) -> None:
        """Carry derivatives by the outputs back to every convolution's pre-activations, which `visit` gets."""
        xp = array_namespace(output_gradient)
        effective = [m * W for m, W in zip(self.multipliers, parameters.weights, strict=True)]
        delta = output_gradient @ effective[-1]
        shape = (*delta.shape[:-1], math.prod(self.program.shape), self.program.channels)
        if self.readout == "mean":
            delta = xp.broadcast_to(delta[..., None, :] / shape[-2], shape)
        else:
            delta = xp.reshape(delta, shape)
        slopes = map(self.activation.derivative, reversed(activity.preactivations))
        pull_back(self.program.steps, delta, slopes, effective, visit)

    def __call__(self, X: Float[Array, "n d"], weights: Any, initial_weights: Any = None) -> Float[Array, "n c"]:
        """Return the network's function on every image.

        Parameters
        ----------
        X : array, shape (n, d)
            Images as rows.
        weights : Parameters or sequence of array
            As in `parameters`.
        initial_weights : Parameters or sequence of array, optional
            Needed if and only if `zero_initial_function` is set.

        Returns
        -------
        array, shape (n, c)
        """
        outputs = self.forward(X, weights).outputs
        if not self.zero_initial_function:
            return outputs
        if initial_weights is None:
            raise InputError("a network with zero_initial_function needs initial_weights to be evaluated, got none")
        return outputs - self.forward(X, initial_weights).outputs


def _check_image(image: Sequence[int]) -> tuple[int, int, int]:
    try:
        channels, height, width = image
    except (TypeError, ValueError):
        raise InputError(f"image must be (channels, height, width), got {image!r}") from None
    names = ("channels", "height", "width")
    sizes = [require_integer(name, size, 1) for name, size in zip(names, (channels, height, width), strict=True)]
    return sizes[0], sizes[1], sizes[2]
